package belle.node;

import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.Prompt;
import belle.proto.Tokens;
import belle.proto.node.NodeQuery;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/** Answers questions about a node's models. */
final class QueryActor {
    private final Supplier<Map<String, HostedModel>> models;
    private final ActorRef<NodeQuery.OfNode> node;

    /** Answers about {@code models}, as they are then, in their order; what is of the whole node {@code node} does. */
    static Behavior<NodeQuery> create(Supplier<Map<String, HostedModel>> models, ActorRef<NodeQuery.OfNode> node) {
        return new QueryActor(models, node).answering();
    }

    private QueryActor(Supplier<Map<String, HostedModel>> models, ActorRef<NodeQuery.OfNode> node) {
        this.models = models;
        this.node = node;
    }

    private Behavior<NodeQuery> answering() {
        return Behaviors.receiveMessage(asked -> {
            switch (asked) {
                case NodeQuery.ListModels(var replyTo) -> replyTo.tell(list());
                case NodeQuery.OfNode query -> node.tell(query);
                case NodeQuery.Tokenize(var model, var prompt, var replyTo) -> replyTo.tell(tokenize(model, prompt));
                case NodeQuery.Detokenize(var model, var ids, var replyTo) -> replyTo.tell(detokenize(model, ids));
            }
            return Behaviors.same();
        });
    }

    private NodeQuery.Models list() {
        return new NodeQuery.Models(
                models.get().values().stream().map(HostedModel::info).toList());
    }

    private NodeQuery.Tokenized tokenize(String name, Prompt prompt) {
        try {
            HostedModel model = known(name);
            Tokens ids = model.encode(prompt);
            return new NodeQuery.Tokenized(ids, model.model().tokenizer().pieces(ids), Optional.empty());
        } catch (FailureException e) {
            return new NodeQuery.Tokenized(Tokens.EMPTY, List.of(), Optional.of(e.failure()));
        }
    }

    private NodeQuery.Detokenized detokenize(String name, Tokens ids) {
        try {
            return new NodeQuery.Detokenized(known(name).model().tokenizer().decode(ids), Optional.empty());
        } catch (FailureException e) {
            return new NodeQuery.Detokenized("", Optional.of(e.failure()));
        }
    }

    private HostedModel known(String name) {
        Map<String, HostedModel> now = models.get();
        HostedModel model = now.get(name);
        if (model == null) {
            throw new FailureException(new Failure.UnknownModel(name, List.copyOf(now.keySet())));
        }
        return model;
    }
}
