package belle.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Flags of every command that holds sessions; they go before {@code belle.node.journal}. */
final class JournalOptions {
    private static final String PATH = "belle.node.journal";

    @Option(
            names = "--journal",
            paramLabel = "URL",
            description = "Write conversations down, so that they outlast the cluster: h2:DIR or jdbc:postgresql://…")
    private @Nullable String url;

    /** Returns {@code base} with the environment's settings of the journal and these flags in it. */
    Config over(Config base) {
        Config environment = ConfigFactory.parseResources("environment.conf")
                .withOnlyPath(PATH)
                .resolve();
        Config config = environment.withFallback(base);
        return url == null ? config : config.withValue(PATH + ".url", ConfigValueFactory.fromAnyRef(url));
    }
}
