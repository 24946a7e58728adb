package belle.proto.node;

import belle.proto.Failure;
import belle.proto.Prompt;
import belle.proto.SamplingParams;
import belle.proto.Tokens;
import belle.proto.Wire;
import java.util.List;
import java.util.Objects;
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

    /** What the node as a whole is asked, or told to do. */
    sealed interface OfNode extends NodeQuery {}

    /** Asks how the node is. */
    record AskStatus(ActorRef<NodeStatus> replyTo) implements OfNode {}

    /**
     * Has the node open a bundle and generate a token with it. Streams that name the bundle are computed from then on; new
     * ones only after {@link UseModel}. Answered when that is done; a bundle that the node has already is done at once.
     *
     * @param directory the bundle's folder, on the node's machine
     * @param name that requests use; "" for the one in the bundle's manifest
     * @param replacing the name may be served with another bundle now
     */
    record LoadModel(String directory, String name, boolean replacing, ActorRef<ModelChange> replyTo)
            implements OfNode {}

    /** Has new streams of a model computed by a bundle that is loaded. The one before computes those that it has. */
    record UseModel(String name, String bundle, ActorRef<ModelChange> replyTo) implements OfNode {}

    /**
     * Has no new stream computed by a bundle. It goes when no node of the cluster has had a stream of it for a while; until
     * then its streams go on, also those of nodes that die.
     *
     * @param bundle "" for the one that is served under the name
     * @param unlessUsed leave it as it is if new streams are computed by it
     */
    record RetireModel(String name, String bundle, boolean unlessUsed, ActorRef<ModelChange> replyTo)
            implements OfNode {}

    /** How a change went: the model that it was about, or why nothing has changed. */
    record ModelChange(Optional<ModelInfo> model, Optional<Failure> failure) implements Wire {}

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
     * @param loadedFrom the folder that it was loaded from while the cluster served; "" for a model that its node was
     *     started with, and from members that do not tell
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
            int cacheBits,
            String loadedFrom)
            implements Wire {
        public ModelInfo {
            loadedFrom = Objects.requireNonNullElse(loadedFrom, "");
        }
    }

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
     * A model's bundle at one moment; there may be several of one name, of which one takes new streams.
     *
     * @param bundle as in {@link ModelInfo}
     * @param state starting, ready, stalled, down; loaded and not used yet; retired
     * @param streams requests that have not ended
     * @param running choices that are being computed
     * @param waiting choices in the queue
     * @param paused choices whose reader is slow
     * @param freeBlocks of the key/value pool, those that only wait for another prompt to use them included
     * @param blocks all blocks of the pool
     * @param turns that have not ended, those included whose reader may come back
     * @param replicas that compute it; the numbers are of all of them
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
            int blocks,
            int turns,
            int replicas)
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
