package belle.cli;

import belle.proto.Failure;
import belle.proto.FailureException;
import belle.runtime.RuntimeConfig;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Flags of every command that computes; they go before {@code belle.node.runtime}. */
final class RuntimeOptions {
    @Option(names = "--threads", description = "Threads that compute a step; all processors if not given.")
    private @Nullable Integer threads;

    @Option(names = "--kv-cache", description = "Element type of the key/value cache: f32, f16 or q8.")
    private @Nullable String kvCache;

    @Option(
            names = "--provider",
            paramLabel = "NAME",
            description = "What computes: kernels, portable or cuda (kernels).")
    private @Nullable String provider;

    @Option(
            names = "--provider-fallback",
            description = "Where there is no GPU for --provider cuda, go on with kernels.")
    private boolean fallback;

    @Option(
            names = "--tensor-parallel",
            paramLabel = "N",
            defaultValue = "1",
            description = "Ranks that share a model (${DEFAULT-VALUE}).")
    private int tensorParallel;

    /** Returns {@code base} with these flags in it. */
    Config over(Config base) {
        if (tensorParallel != 1) {
            throw new FailureException(new Failure.Invalid(
                    "tensor-parallel",
                    "this version runs a model on one rank: --tensor-parallel must be 1, but is " + tensorParallel));
        }
        Config config = base;
        if (threads != null) {
            config = config.withValue("belle.node.runtime.threads", ConfigValueFactory.fromAnyRef(threads));
        }
        if (kvCache != null) {
            config = config.withValue("belle.node.runtime.kv-cache-type", ConfigValueFactory.fromAnyRef(kvCache));
        }
        if (provider != null) {
            config = config.withValue("belle.node.runtime.provider", ConfigValueFactory.fromAnyRef(provider));
        }
        if (fallback) {
            config = config.withValue("belle.node.runtime.provider-fallback", ConfigValueFactory.fromAnyRef(true));
        }
        return config;
    }

    /** Returns the whole configuration with these flags in it. */
    Config config() {
        return over(ConfigFactory.load());
    }

    /** Returns how one model is run. */
    RuntimeConfig runtime() {
        return RuntimeConfig.from(config().getConfig("belle.node.runtime"));
    }
}
