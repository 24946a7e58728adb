package belle.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValueFactory;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** A flag of every command that serves; it goes before {@code belle.node.runtime}. */
final class ReplicaOptions {
    @Option(names = "--replicas", paramLabel = "N", description = "Replicas of each model, over the same weights (1).")
    private @Nullable Integer replicas;

    /** Returns {@code base} with this flag in it. */
    Config over(Config base) {
        return replicas == null
                ? base
                : base.withValue("belle.node.runtime.replicas", ConfigValueFactory.fromAnyRef(replicas));
    }
}
