package belle.node;

import java.nio.file.Path;
import java.util.Optional;

/**
 * A model to serve.
 *
 * @param directory the bundle's folder
 * @param name the name that requests use; empty for the one in the bundle's manifest
 * @param origin why it is served
 */
public record BundleSpec(Path directory, Optional<String> name, Origin origin) {
    /** Why a model is served. */
    public enum Origin {
        /** It is the small model that ships with the program. */
        EMBEDDED,
        /** The node was started with it. */
        STARTED,
        /** It was loaded while the cluster served: nodes that come later are to have it, too. */
        LOADED
    }

    /** The bundle in {@code directory}, which a node is started with, served under its own name. */
    public static BundleSpec of(Path directory) {
        return new BundleSpec(directory, Optional.empty(), Origin.STARTED);
    }
}
