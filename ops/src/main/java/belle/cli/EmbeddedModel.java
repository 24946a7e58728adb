package belle.cli;

import belle.node.BundleSpec;
import belle.proto.Failure;
import belle.proto.FailureException;
import java.nio.file.Path;
import java.util.Optional;

/** The small BLOOM model that ships with the program: it shows that all works, and knows little. */
final class EmbeddedModel {
    private EmbeddedModel() {}

    /** The bundle that the build made; {@code ./belle} says where it is. */
    static BundleSpec bundle() {
        String directory = System.getProperty("belle.embedded-model", "");
        if (directory.isEmpty()) {
            throw new FailureException(
                    new Failure.NotFound("there is no embedded model here; name a bundle with --model"));
        }
        return new BundleSpec(Path.of(directory), Optional.empty(), true);
    }
}
