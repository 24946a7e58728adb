package belle.node;

import java.nio.file.Path;
import java.util.Optional;

/**
 * A model to serve.
 *
 * @param directory the bundle's folder
 * @param name the name that requests use; empty for the one in the bundle's manifest
 * @param embedded it is the small model that ships with the program
 */
public record BundleSpec(Path directory, Optional<String> name, boolean embedded) {
    /** The bundle in {@code directory}, served under its own name. */
    public static BundleSpec of(Path directory) {
        return new BundleSpec(directory, Optional.empty(), false);
    }
}
