package belle.gateway.fake;

import belle.proto.Prompt;
import belle.proto.SamplingParams;
import belle.proto.Tokens;
import belle.proto.node.NodeQuery;
import belle.proto.session.SessionCommand;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;

/** Serves the model {@code fake} from {@link Script}s. */
public final class FakeNode {
    /** The model's id. */
    public static final String MODEL = "fake";

    private FakeNode() {}

    /** Starts the session region and registers the node; {@code interval} is the time between tokens. */
    public static ActorRef<NodeQuery> start(ActorSystem<?> system, Witness witness, Duration interval) {
        ClusterSharding.get(system).init(Entity.of(SessionCommand.TYPE, _ -> FakeSession.create(witness, interval)));
        ActorRef<NodeQuery> node = system.systemActorOf(queries(), "fake-node", Props.empty());
        system.receptionist().tell(Receptionist.register(NodeQuery.KEY, node));
        return node;
    }

    private static Behavior<NodeQuery> queries() {
        return Behaviors.receive((_, query) -> {
            switch (query) {
                case NodeQuery.ListModels(var replyTo) -> replyTo.tell(new NodeQuery.Models(List.of(info())));
                case NodeQuery.Tokenize(String _, Prompt prompt, var replyTo) -> replyTo.tell(tokenized(prompt));
                case NodeQuery.Detokenize(String _, Tokens ids, var replyTo) ->
                    replyTo.tell(new NodeQuery.Detokenized(Script.text(ids), Optional.empty()));
                case NodeQuery.AskStatus(var replyTo) -> replyTo.tell(new NodeQuery.NodeStatus(true, false, List.of()));
                case NodeQuery.LoadModel _, NodeQuery.UseModel _, NodeQuery.RetireModel _ -> {}
            }
            return Behaviors.same();
        });
    }

    private static NodeQuery.Tokenized tokenized(Prompt prompt) {
        String text = switch (prompt) {
            case Prompt.Chat(var messages) -> messages.getLast().content();
            case Prompt.Text(String given) -> given;
            case Prompt.Ids(Tokens ids) -> Script.text(ids);
        };
        Tokens ids = Script.ids(text);
        List<String> pieces = text.codePoints().mapToObj(Character::toString).toList();
        return new NodeQuery.Tokenized(ids, pieces, Optional.empty());
    }

    private static NodeQuery.ModelInfo info() {
        var defaults = new SamplingParams(
                Integer.MAX_VALUE, 0.35, 30, 0.85, 0, 1.2, 0, 0, Map.of(), 0, -1, List.of(), false, 1);
        return new NodeQuery.ModelInfo(
                MODEL,
                "fake",
                1_700_000_000,
                2048,
                Character.MAX_CODE_POINT + 1,
                "bloom",
                "f32",
                true,
                true,
                defaults,
                32,
                "");
    }
}
