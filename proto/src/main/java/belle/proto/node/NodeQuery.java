package belle.proto.node;

import belle.proto.Failure;
import belle.proto.Prompt;
import belle.proto.SamplingParams;
import belle.proto.Tokens;
import belle.proto.Wire;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.receptionist.ServiceKey;

/** Questions that any node can answer; nodes register under {@link #KEY} once they have generated a token. */
public sealed interface NodeQuery extends Wire {
    ServiceKey<NodeQuery> KEY = ServiceKey.create(NodeQuery.class, "belle-node");

    /** Asks which models are served. */
    record ListModels(ActorRef<Models> replyTo) implements NodeQuery {}

    /** Asks for the ids of a prompt, as {@code Generate} would make them. */
    record Tokenize(String model, Prompt prompt, ActorRef<Tokenized> replyTo) implements NodeQuery {}

    /** Asks for the text of ids, special tokens left out. */
    record Detokenize(String model, Tokens ids, ActorRef<Detokenized> replyTo) implements NodeQuery {}

    /** The models of one node. */
    record Models(List<ModelInfo> models) implements Wire {
        public Models {
            models = List.copyOf(models);
        }
    }

    /**
     * One served model.
     *
     * @param createdEpochSeconds when its bundle was made
     * @param embedded it is the small model that ships with the program
     * @param defaults sampling defaults; a field in a request wins
     */
    record ModelInfo(
            String id,
            long createdEpochSeconds,
            int contextTokens,
            int vocabulary,
            String architecture,
            String weights,
            boolean embedded,
            boolean chat,
            SamplingParams defaults)
            implements Wire {}

    /** Either ids and their pieces, or a failure. */
    record Tokenized(Tokens ids, List<String> pieces, Optional<Failure> failure) implements Wire {
        public Tokenized {
            pieces = List.copyOf(pieces);
        }
    }

    /** Either a text or a failure. */
    record Detokenized(String text, Optional<Failure> failure) implements Wire {}
}
