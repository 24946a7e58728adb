package belle.gateway;

import belle.gateway.http.HttpConfig;
import belle.gateway.placement.PlacementConfig;
import belle.gateway.stream.StreamConfig;
import belle.gateway.work.TenantConfig;
import belle.proto.Failure;
import belle.proto.FailureException;
import com.typesafe.config.Config;
import java.time.Duration;

/**
 * The gateway's settings; explained in {@code reference.conf}.
 *
 * @param host address to listen on
 * @param port 0 takes a free one
 * @param sessionRole role of the members that hold sessions; "" when this JVM has started the session region itself
 * @param drainDeadline how long running streams may go on when the gateway stops
 */
public record GatewayConfig(
        String host,
        int port,
        String sessionRole,
        Duration drainDeadline,
        HttpConfig http,
        StreamConfig streams,
        PlacementConfig placement,
        TenantConfig tenants) {
    private static final String PATH = "belle.gateway";

    /** Reads {@code belle.gateway} of a whole configuration. */
    public static GatewayConfig of(Config whole) {
        Config config = whole.getConfig(PATH);
        refuseUnsendable(whole.getBytes("belle.wire.max-message-bytes"), config.getBytes("http.max-request-bytes"));
        return new GatewayConfig(
                config.getString("host"),
                config.getInt("port"),
                config.getString("session-role"),
                config.getDuration("drain-deadline"),
                HttpConfig.of(config.getConfig("http")),
                StreamConfig.of(config.getConfig("streams")),
                PlacementConfig.of(config.getConfig("placement")),
                TenantConfig.of(config.getConfig("tenants")));
    }

    private static void refuseUnsendable(long messageBytes, long requestBytes) {
        if (requestBytes > messageBytes / 2) {
            throw new FailureException(new Failure.Invalid(
                    PATH + ".http.max-request-bytes",
                    PATH + ".http.max-request-bytes must be at most half of belle.wire.max-message-bytes = "
                            + messageBytes + ", but is " + requestBytes));
        }
    }

    /** Returns the same settings with another port. */
    public GatewayConfig withPort(int newPort) {
        return new GatewayConfig(host, newPort, sessionRole, drainDeadline, http, streams, placement, tenants);
    }
}
