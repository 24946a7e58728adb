package belle.session;

import belle.proto.Failure;
import belle.proto.FailureException;
import com.typesafe.config.Config;
import java.time.Duration;

/** The bounds of a session; every component is a key of {@code belle.node.session} in {@code reference.conf}. */
public record SessionConfig(
        int windowEvents,
        Duration stalledReaderTimeout,
        Duration readerGrace,
        Duration retention,
        int maxTurns,
        int maxLogEvents,
        int maxResubmissions,
        Duration idleTimeout) {
    public SessionConfig {
        atLeastOne("window-events", windowEvents);
        atLeastOne("max-turns", maxTurns);
        if (maxLogEvents < windowEvents) {
            throw invalid("max-log-events", "at least window-events = " + windowEvents, maxLogEvents);
        }
    }

    /** Reads {@code belle.node.session}. */
    public static SessionConfig from(Config config) {
        return new SessionConfig(
                config.getInt("window-events"),
                config.getDuration("stalled-reader-timeout"),
                config.getDuration("reader-grace"),
                config.getDuration("retention"),
                config.getInt("max-turns"),
                config.getInt("max-log-events"),
                config.getInt("max-resubmissions"),
                config.getDuration("idle-timeout"));
    }

    private static void atLeastOne(String key, int value) {
        if (value < 1) {
            throw invalid(key, "at least 1", value);
        }
    }

    private static FailureException invalid(String key, String limit, int value) {
        String name = "belle.node.session." + key;
        return new FailureException(new Failure.Invalid(name, name + " must be " + limit + ", but is " + value));
    }
}
