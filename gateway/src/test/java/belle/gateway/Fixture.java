package belle.gateway;

import belle.gateway.fake.FakeNode;
import belle.gateway.fake.Witness;
import belle.gateway.http.HttpServer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;

/** A gateway on a free port over a one-member cluster with a scripted node, and a client for it. */
final class Fixture implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final ObjectMapper JSON = new ObjectMapper();

    final Witness witness = new Witness();
    private final ActorTestKit kit;
    private final HttpServer server;
    private final HttpClient client = HttpClient.newHttpClient();

    private Fixture(String overrides, boolean withNode) {
        Config config = ConfigFactory.parseString("belle.gateway { port = 0, drain-deadline = 1s }\n" + overrides)
                .withFallback(ConfigFactory.parseResources("one-member.conf"))
                .withFallback(ConfigFactory.load())
                .resolve();
        kit = ActorTestKit.create("gateway-test", config);
        Cluster cluster = Cluster.get(kit.system());
        cluster.manager().tell(Join.create(cluster.selfMember().address()));
        if (withNode) {
            FakeNode.start(kit.system(), witness, Duration.ZERO);
        }
        try {
            server = Gateway.start(kit.system(), GatewayConfig.of(config))
                    .toCompletableFuture()
                    .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (Exception e) {
            kit.shutdownTestKit();
            throw new IllegalStateException(e);
        }
        if (withNode) {
            kit.createTestProbe().awaitAssert(PATIENCE, () -> {
                if (get("/health/ready").statusCode() != 200) {
                    throw new AssertionError("not ready");
                }
                return true;
            });
        }
    }

    /** Starts with a node; {@code overrides} is configuration text. */
    static Fixture with(String overrides) {
        return new Fixture(overrides, true);
    }

    /** Starts a gateway that finds no node. */
    static Fixture withoutNode() {
        return new Fixture("", false);
    }

    ActorSystem<?> system() {
        return kit.system();
    }

    InetSocketAddress address() {
        return server.address();
    }

    URI uri(String path) {
        return URI.create("http://127.0.0.1:" + address().getPort() + path);
    }

    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(uri(path)).timeout(PATIENCE);
    }

    HttpResponse<String> get(String path) {
        return send(request(path).build());
    }

    HttpResponse<String> post(String path, String json) {
        return send(posting(path, json).build());
    }

    HttpRequest.Builder posting(String path, String json) {
        return request(path).header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(json));
    }

    HttpResponse<String> send(HttpRequest request) {
        try {
            return client.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    HttpResponse<InputStream> open(HttpRequest request) throws IOException, InterruptedException {
        return client.send(request, HttpResponse.BodyHandlers.ofInputStream());
    }

    /** Opens a bare connection and sends bytes; for what a decent HTTP client refuses to do. */
    Socket raw(String text) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), address().getPort());
        socket.setSoTimeout((int) PATIENCE.toMillis());
        socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
        socket.getOutputStream().flush();
        return socket;
    }

    static JsonNode json(HttpResponse<String> response) {
        return json(response.body());
    }

    static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException e) {
            throw new UncheckedIOException(text, e);
        }
    }

    @Override
    public void close() {
        client.shutdownNow();
        kit.shutdownTestKit();
    }
}
