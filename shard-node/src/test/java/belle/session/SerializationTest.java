package belle.session;

import static org.assertj.core.api.Assertions.assertThatCode;

import belle.proto.ChatMessage;
import belle.proto.Failure;
import belle.proto.FinishReason;
import belle.proto.Prompt;
import belle.proto.SamplingParams;
import belle.proto.TokenLogprob;
import belle.proto.Tokens;
import belle.proto.Usage;
import belle.proto.Wire;
import belle.proto.node.NodeQuery;
import belle.proto.session.Progress;
import belle.proto.session.SessionCommand;
import belle.proto.session.StreamEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Every message that may cross the network comes out as it went in. */
class SerializationTest {
    private final ActorTestKit kit = ActorTestKit.create();

    @AfterEach
    void stop() {
        kit.shutdownTestKit();
    }

    @Test
    void everyMessageSurvivesTheWire() {
        for (Wire message : messages()) {
            assertThatCode(() -> kit.serializationTestKit().verifySerialization(message, true))
                    .as(message.toString())
                    .doesNotThrowAnyException();
        }
    }

    private List<Wire> messages() {
        List<Wire> messages = new ArrayList<>(List.of(
                new SessionCommand.Resume("s~1", 3, 0, 0, this.<StreamEvent>ref()),
                new SessionCommand.Acknowledge("s~1", 3, 0, 0),
                new SessionCommand.Cancel("s~1", 0, 0),
                new SessionCommand.Whereabouts("s~1", this.<SessionCommand>ref()),
                new StreamEvent.Accepted("s~1", 1, "m", 3, this.<SessionCommand>ref(), Optional.empty(), 2, 7, "b"),
                new StreamEvent.PromptScored("s~1", 1, 0, List.of(logprob())),
                new StreamEvent.Delta("s~1", 1, 1, 0, Tokens.of(1, 2), "字", List.of(logprob())),
                new StreamEvent.Finished("s~1", 1, 2, 0, "", FinishReason.STOP),
                new StreamEvent.Done("s~1", 1, 3, new Usage(1, 0, 2)),
                new NodeQuery.LoadModel("/bundle", "m", true, this.<NodeQuery.ModelChange>ref()),
                new NodeQuery.UseModel("m", "b", this.<NodeQuery.ModelChange>ref()),
                new NodeQuery.RetireModel("m", "", true, this.<NodeQuery.ModelChange>ref()),
                new NodeQuery.ModelChange(Optional.empty(), Optional.of(new Failure.NotFound("x"))),
                new NodeQuery.ListModels(this.<NodeQuery.Models>ref()),
                new NodeQuery.Tokenize("m", new Prompt.Text("a"), this.<NodeQuery.Tokenized>ref()),
                new NodeQuery.Detokenize("m", Tokens.of(1), this.<NodeQuery.Detokenized>ref()),
                new NodeQuery.Models(List.of(new NodeQuery.ModelInfo(
                        "m", "h", 1, 2, 3, "bloom", "f16", true, true, SamplingParams.greedy(3), 16, "/b"))),
                new NodeQuery.AskStatus(this.<NodeQuery.NodeStatus>ref()),
                new NodeQuery.NodeStatus(
                        true,
                        false,
                        List.of(new NodeQuery.ModelStatus("m", "h", "f16", "ready", 1, 2, 3, 4, 5, 6, 7, 8))),
                new NodeQuery.Tokenized(Tokens.of(1), List.of("a"), Optional.empty()),
                new NodeQuery.Detokenized("a", Optional.of(new Failure.NotFound("x")))));
        prompts().forEach(prompt -> {
            SessionCommand.Generate generate = generate(prompt);
            var goingOn = new SessionCommand.Continue(
                    generate, new Progress(3, 2, true, List.of(new Progress.Choice(Tokens.of(1), true))));
            messages.add(generate);
            messages.add(goingOn);
            messages.add(new SessionCommand.Prepare(goingOn));
            messages.add(new StreamEvent.Accepted(
                    "s~1", 1, "m", 3, this.<SessionCommand>ref(), Optional.of(goingOn), 2, 7, "b"));
        });
        messages.add(new StreamEvent.Moving("s~1", 3));
        messages.add(new StreamEvent.Prepared("s~1"));
        failures().forEach(failure -> {
            messages.add(new StreamEvent.Refused("s~1", failure));
            messages.add(new StreamEvent.Failed("s~1", 1, 2, failure));
        });
        return messages;
    }

    private static List<Prompt> prompts() {
        return List.of(
                new Prompt.Chat(List.of(new ChatMessage("user", "你好"))),
                new Prompt.Text("a"),
                new Prompt.Ids(Tokens.of(1, 2)));
    }

    private static List<Failure> failures() {
        return List.of(
                new Failure.Invalid("n", "n must be 1"),
                new Failure.UnknownModel("x", List.of("m")),
                new Failure.TooLong(1, 2, 3),
                new Failure.NotFound("x"),
                new Failure.Overloaded("full", 2),
                new Failure.Unavailable("draining"),
                new Failure.Broken("file", "field", "is cut"),
                new Failure.Internal("bug"));
    }

    private SessionCommand.Generate generate(Prompt prompt) {
        var params = new SamplingParams(
                5, 0.7, 30, 0.9, 0.1, 1.2, 0.5, -0.5, Map.of(3, -1.5), 42, 2, List.of("\n"), true, 2);
        return new SessionCommand.Generate("s~1", "m", prompt, params, "t", true, this.<StreamEvent>ref());
    }

    private static TokenLogprob logprob() {
        return new TokenLogprob(1, "a", -0.5, List.of(new TokenLogprob.Alternative(2, "b", -1.5)));
    }

    private <T> ActorRef<T> ref() {
        return kit.<T>createTestProbe().getRef();
    }
}
