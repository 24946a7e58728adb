package belle.runtime;

import belle.proto.Failure;
import belle.proto.FailureException;
import com.typesafe.config.Config;

/**
 * How a replica computes; see {@code belle.node.runtime} in {@code reference.conf}.
 *
 * @param threads of one rank
 * @param kvCacheBytes of one replica's pool
 * @param kvCacheBits 16 or 32; 0 takes what the bundle asks for
 * @param blockTokens 16, 32 or 64
 */
public record RuntimeConfig(int threads, boolean spinning, long kvCacheBytes, int kvCacheBits, int blockTokens) {

    /** Reads {@code belle.node.runtime}. */
    public static RuntimeConfig from(Config config) {
        int threads = config.getInt("threads");
        return new RuntimeConfig(
                threads == 0 ? Runtime.getRuntime().availableProcessors() : threads,
                config.getBoolean("spinning"),
                config.getBytes("kv-cache-bytes"),
                switch (config.getString("kv-cache-type")) {
                    case "bundle" -> 0;
                    case "f16" -> 16;
                    case "f32" -> 32;
                    case String other ->
                        throw new FailureException(new Failure.Invalid(
                                "belle.node.runtime.kv-cache-type",
                                "belle.node.runtime.kv-cache-type must be bundle, f16 or f32, but is " + other));
                },
                config.getInt("block-tokens"));
    }
}
