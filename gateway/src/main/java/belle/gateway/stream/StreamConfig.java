package belle.gateway.stream;

import com.typesafe.config.Config;
import java.time.Duration;

/**
 * Limits of streams; explained in {@code reference.conf}.
 */
public record StreamConfig(
        int maxStreams,
        int bufferEvents,
        Duration acceptTimeout,
        Duration probeInterval,
        int maxProbes,
        Duration retryInterval,
        int maxRetries,
        Duration refreshInterval) {
    /** Reads {@code belle.gateway.streams}. */
    public static StreamConfig of(Config config) {
        return new StreamConfig(
                config.getInt("max-streams"),
                config.getInt("buffer-events"),
                config.getDuration("accept-timeout"),
                config.getDuration("probe-interval"),
                config.getInt("max-probes"),
                config.getDuration("retry-interval"),
                config.getInt("max-retries"),
                config.getDuration("refresh-interval"));
    }
}
