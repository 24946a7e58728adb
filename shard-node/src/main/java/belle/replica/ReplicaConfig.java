package belle.replica;

import com.typesafe.config.Config;
import java.time.Duration;

/** Supervision of a replica; every component is a key of {@code belle.node.replica} in {@code reference.conf}. */
public record ReplicaConfig(Duration stepDeadline, int maxRestarts, Duration restartWindow, int retryAfterSeconds) {

    /** Reads {@code belle.node.replica}. */
    public static ReplicaConfig from(Config config) {
        return new ReplicaConfig(
                config.getDuration("step-deadline"),
                config.getInt("max-restarts"),
                config.getDuration("restart-window"),
                config.getInt("retry-after-seconds"));
    }
}
