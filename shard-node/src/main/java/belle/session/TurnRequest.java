package belle.session;

import belle.proto.Prompt;
import belle.proto.SamplingParams;
import belle.proto.session.SessionCommand;
import belle.proto.session.SessionCommand.Generate;
import belle.proto.session.StreamEvent;
import java.util.Objects;
import org.apache.pekko.actor.typed.ActorRef;

/** What a turn is a function of: {@link Generate} without its reader. */
public record TurnRequest(
        String stream,
        String model,
        String bundle,
        Prompt prompt,
        SamplingParams params,
        String tenant,
        boolean echoPrompt) {
    /** Those that were written down before bundles could take the place of others have none. */
    public TurnRequest {
        bundle = Objects.requireNonNullElse(bundle, "");
    }

    /** The request of {@code generate}. */
    static TurnRequest of(Generate generate) {
        return new TurnRequest(
                generate.stream(),
                generate.model(),
                generate.bundle(),
                generate.prompt(),
                generate.params(),
                generate.tenant(),
                generate.echoPrompt());
    }

    /** The same as a command, with its events told to {@code reader}, whose client asked at {@code asked}. */
    Generate answeredTo(ActorRef<StreamEvent> reader, long asked, long reading) {
        return new Generate(stream, model, bundle, prompt, params, tenant, echoPrompt, asked, reading, 0, "", reader);
    }

    /** Tells whether it asks for the same as {@code other}, which may know the bundle or not. */
    boolean asksFor(TurnRequest other) {
        return byAny().equals(other.byAny());
    }

    private TurnRequest byAny() {
        return new TurnRequest(stream, model, "", prompt, params, tenant, echoPrompt);
    }

    /** The session that the stream belongs to. */
    public String session() {
        return SessionCommand.sessionOf(stream);
    }
}
