package belle.gateway.http;

import belle.gateway.api.StreamName;
import belle.gateway.api.StreamRenderer;
import belle.gateway.work.Part;
import belle.proto.Usage;
import belle.proto.session.StreamEvent;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/** Renders the events of all parts of an answer into one event stream with one end. Not thread-safe. */
final class SharedStream {
    private final Map<StreamName, StreamRenderer> renderers;
    private int running;
    private int promptTokens;
    private int cachedTokens;
    private int completionTokens;

    /** @param choices those of each part */
    SharedStream(List<Part> parts, int choices) {
        long created = parts.getFirst().created();
        renderers = parts.stream()
                .collect(Collectors.toMap(
                        Part::name,
                        part -> new StreamRenderer(
                                part.name(), created, part.begun().accepted().model(), part.echo(), choices)));
        running = parts.size();
    }

    /** Whether the last event has been rendered: all parts are done, or one has failed. */
    boolean ended() {
        return running == 0;
    }

    /** Returns the server-sent events for one of a part's, "" for none. */
    String render(Part part, StreamEvent.Indexed event) {
        StreamRenderer renderer = Objects.requireNonNull(renderers.get(part.name()));
        return switch (event) {
            case StreamEvent.Done done -> end(renderer, done);
            case StreamEvent.Failed failed -> {
                running = 0;
                yield renderer.render(failed);
            }
            case StreamEvent.PromptScored _, StreamEvent.Delta _, StreamEvent.Finished _ -> renderer.render(event);
        };
    }

    private String end(StreamRenderer renderer, StreamEvent.Done done) {
        running--;
        promptTokens += done.usage().promptTokens();
        cachedTokens += done.usage().cachedTokens();
        completionTokens += done.usage().completionTokens();
        var total = new Usage(promptTokens, cachedTokens, completionTokens);
        return running > 0
                ? ""
                : renderer.render(new StreamEvent.Done(done.stream(), done.epoch(), done.index(), total));
    }
}
