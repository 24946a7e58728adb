package belle.gateway.http;

import com.typesafe.config.Config;
import java.time.Duration;
import java.util.List;

/** Limits of the HTTP edge; explained in {@code reference.conf}. */
public record HttpConfig(
        int maxConnections,
        int maxRequestBytes,
        Duration bodyTimeout,
        Duration idleTimeout,
        Duration keepAlive,
        int sendBufferBytes,
        Duration metricsTick,
        List<String> corsOrigins) {
    public HttpConfig {
        corsOrigins = List.copyOf(corsOrigins);
    }

    /** Reads {@code belle.gateway.http}. */
    public static HttpConfig of(Config config) {
        return new HttpConfig(
                config.getInt("max-connections"),
                Math.toIntExact(config.getBytes("max-request-bytes")),
                config.getDuration("body-timeout"),
                config.getDuration("idle-timeout"),
                config.getDuration("keep-alive"),
                Math.toIntExact(config.getBytes("send-buffer-bytes")),
                config.getDuration("metrics-tick"),
                config.getStringList("cors-origins"));
    }
}
