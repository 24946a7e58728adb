package belle.node;

import com.typesafe.config.Config;
import java.time.Duration;

/** How long a bundle outlives its use; every component is a key of {@code belle.node.retire} in {@code reference.conf}. */
public record RetireConfig(Duration grace, Duration deadline, Duration poll) {
    static RetireConfig from(Config config) {
        return new RetireConfig(
                config.getDuration("grace"), config.getDuration("deadline"), config.getDuration("poll"));
    }
}
