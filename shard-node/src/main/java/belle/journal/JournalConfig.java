package belle.journal;

import belle.proto.Failure;
import belle.proto.FailureException;
import com.typesafe.config.Config;
import java.time.Duration;

/** Where turns are written down and for how long; every component is a key of {@code belle.node.journal}. */
public record JournalConfig(
        String url,
        String user,
        String password,
        Duration retention,
        Duration sweepInterval,
        int sweepTurns,
        int maxQueued,
        Duration writeTimeout,
        Duration finishTimeout,
        Duration checkInterval) {
    public JournalConfig {
        atLeastOne("sweep-turns", sweepTurns);
        atLeastOne("max-queued", maxQueued);
    }

    /** Reads {@code belle.node.journal}. */
    public static JournalConfig from(Config config) {
        return new JournalConfig(
                config.getString("url"),
                config.getString("user"),
                config.getString("password"),
                config.getDuration("retention"),
                config.getDuration("sweep-interval"),
                config.getInt("sweep-turns"),
                config.getInt("max-queued"),
                config.getDuration("write-timeout"),
                config.getDuration("finish-timeout"),
                config.getDuration("check-interval"));
    }

    /** Tells whether turns are written down at all. */
    public boolean on() {
        return !url.isEmpty();
    }

    /** Everything but the password. */
    @Override
    public String toString() {
        return "journal at " + url;
    }

    private static void atLeastOne(String key, int value) {
        if (value < 1) {
            String name = "belle.node.journal." + key;
            throw new FailureException(new Failure.Invalid(name, name + " must be at least 1, but is " + value));
        }
    }
}
