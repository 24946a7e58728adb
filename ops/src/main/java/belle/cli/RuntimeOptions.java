package belle.cli;

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
            description = "Ranks that a model is cut into: 1, 2, 4 or 8 (1).")
    private @Nullable Integer tensorParallel;

    @Option(names = "--rank-processes", description = "Each rank in a process of its own.")
    private boolean rankProcesses;

    /** Returns {@code base} with these flags in it. */
    Config over(Config base) {
        Config config = base;
        if (tensorParallel != null) {
            config = config.withValue(
                    "belle.node.runtime.tensor-parallel", ConfigValueFactory.fromAnyRef(tensorParallel));
        }
        if (threads != null) {
            config = config.withValue("belle.node.runtime.threads", ConfigValueFactory.fromAnyRef(threads));
        }
        if (rankProcesses) {
            config = config.withValue("belle.node.runtime.rank-processes", ConfigValueFactory.fromAnyRef(true));
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
