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

/**
 * Questions that any node can answer; nodes register under {@link #KEY} once they have generated a token, and answer
 * other members at {@link #PATH} as soon as they have opened their bundles.
 */
public sealed interface NodeQuery extends Wire {
    ServiceKey<NodeQuery> KEY = ServiceKey.create(NodeQuery.class, "belle-node");

    /** Where every member with a node answers, below its address. */
    String PATH = "/system/belle-node/queries";

    /** Asks which models are served. */
    record ListModels(ActorRef<Models> replyTo) implements NodeQuery {}

    /** Asks for the ids of a prompt, as {@code Generate} would make them. */
    record Tokenize(String model, Prompt prompt, ActorRef<Tokenized> replyTo) implements NodeQuery {}

    /** Asks for the text of ids, special tokens left out. */
    record Detokenize(String model, Tokens ids, ActorRef<Detokenized> replyTo) implements NodeQuery {}

    /** Asks how the node is. */
    record AskStatus(ActorRef<NodeStatus> replyTo) implements NodeQuery {}

    /** The models of one node. */
    record Models(List<ModelInfo> models) implements Wire {
        public Models {
            models = List.copyOf(models);
        }
    }

    /**
     * One served model.
     *
     * @param bundle hash of what the bundle computes: equal hashes, equal tokens
     * @param createdEpochSeconds when its bundle was made
     * @param embedded it is the small model that ships with the program
     * @param defaults sampling defaults; a field in a request wins
     * @param cacheBits bits of an element of the key/value cache, 8, 16 or 32; 0 from members that do not tell
     */
    record ModelInfo(
            String id,
            String bundle,
            long createdEpochSeconds,
            int contextTokens,
            int vocabulary,
            String architecture,
            String weights,
            boolean embedded,
            boolean chat,
            SamplingParams defaults,
            int cacheBits)
            implements Wire {}

    /**
     * A node at one moment.
     *
     * @param ready it is listed and takes streams
     * @param draining it takes no new streams and is about to leave
     */
    record NodeStatus(boolean ready, boolean draining, List<ModelStatus> models) implements Wire {
        public NodeStatus {
            models = List.copyOf(models);
        }
    }

    /**
     * A model's replica at one moment.
     *
     * @param bundle as in {@link ModelInfo}
     * @param state starting, ready, stalled or down
     * @param streams requests that have not ended
     * @param running choices that are being computed
     * @param waiting choices in the queue
     * @param paused choices whose reader is slow
     * @param freeBlocks of the key/value pool, those that only wait for another prompt to use them included
     * @param blocks all blocks of the pool
     */
    record ModelStatus(
            String id,
            String bundle,
            String weights,
            String state,
            int streams,
            int running,
            int waiting,
            int paused,
            int freeBlocks,
            int blocks)
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
