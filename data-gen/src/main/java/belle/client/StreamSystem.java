package belle.client;

import com.typesafe.config.ConfigFactory;
import org.apache.pekko.actor.ActorSystem;

/** Actor systems for streams alone: no member of a cluster, no port, whatever the program's configuration says of its nodes. */
public final class StreamSystem {
    private static final String LOCAL = """
            pekko.actor.provider = local
            pekko.extensions = []
            pekko.library-extensions = []
            pekko.coordinated-shutdown.run-by-jvm-shutdown-hook = off
            """;

    private StreamSystem() {}

    /** Starts one. The caller terminates it. */
    public static ActorSystem start(String name) {
        return ActorSystem.create(name, ConfigFactory.parseString(LOCAL).withFallback(ConfigFactory.load()));
    }
}
