package belle.cli;

import belle.node.BundleSpec;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.node.NodeQuery.ModelInfo;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** The small BLOOM model that ships with the program: it writes classical quatrains, and knows little else. */
final class EmbeddedModel {
    private EmbeddedModel() {}

    /** The bundle that the build made; {@code ./belle} says where it is. */
    static BundleSpec bundle() {
        String directory = System.getProperty("belle.embedded-model", "");
        if (directory.isEmpty()) {
            throw new FailureException(
                    new Failure.NotFound("there is no embedded model here; name a bundle with --model"));
        }
        return new BundleSpec(Path.of(directory), Optional.empty(), BundleSpec.Origin.EMBEDDED);
    }

    /** A still smaller one that says nothing, for campaigns and benches that start many processes. */
    static Path tiny() {
        String directory = System.getProperty("belle.tiny-model", "");
        if (directory.isEmpty()) {
            throw new FailureException(new Failure.NotFound("there is no tiny model here; start with ./belle"));
        }
        return Path.of(directory);
    }

    /** The bundles that flags name, else those that the configuration names, else this one. */
    static List<BundleSpec> unlessNamed(List<Path> flags, List<Path> configured) {
        List<Path> named = flags.isEmpty() ? configured : flags;
        return named.isEmpty()
                ? List.of(bundle())
                : named.stream().map(BundleSpec::of).toList();
    }

    /** The models' names for people, with a word about this one. */
    static String names(List<ModelInfo> models) {
        return models.stream()
                .map(model -> model.embedded() ? model.id() + " (a small model for poems)" : model.id())
                .collect(Collectors.joining(", "));
    }
}
