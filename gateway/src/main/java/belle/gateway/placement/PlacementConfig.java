package belle.gateway.placement;

import belle.proto.Failure;
import belle.proto.FailureException;
import com.typesafe.config.Config;
import java.time.Duration;

/** Explained in {@code reference.conf} under {@code belle.gateway.placement}. */
public record PlacementConfig(double bound, int remembered, Duration refreshInterval) {
    public PlacementConfig {
        if (!(bound >= 1)) {
            throw new FailureException(new Failure.Invalid(
                    "belle.gateway.placement.bound",
                    "belle.gateway.placement.bound must be at least 1, but is " + bound));
        }
    }

    /** Reads {@code belle.gateway.placement}. */
    public static PlacementConfig of(Config config) {
        return new PlacementConfig(
                config.getDouble("bound"), config.getInt("remembered"), config.getDuration("refresh-interval"));
    }
}
