package belle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import belle.bench.HealthCheck;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Models of running servers are changed while streams run: in a cluster whose nodes die meanwhile, and again and again in one process,
 * whose memory stays as it was. {@code -Dbelle.model-rounds=N} for more than a few rounds.
 */
class ModelChangesTest {
    private static final int ROUNDS = Integer.getInteger("belle.model-rounds", 4);
    private static final int STREAMS = 8;
    private static final int TOKENS = 100;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path OTHER =
            Path.of("..", "model-export", "src", "test", "resources", "references", "llama-gqa-llama3-biases");

    /** So that what is added later is native memory. */
    private static final List<String> ALL_HEAP_AT_ONCE =
            List.of("-Xms192m", "-Xmx192m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC");

    @TempDir
    private Path folder;

    private Path first = Path.of("");
    private Path second = Path.of("");

    @BeforeEach
    void export() throws IOException {
        first = TinyBundle.in(folder, "m");
        second = TinyBundle.in(folder, "other", OTHER);
    }

    private Path config(String more) throws IOException {
        return Files.writeString(folder.resolve("node.conf"), """
                belle.node {
                  planted-faults.min-step = 10 ms
                  runtime { threads = 1, kv-cache-bytes = 16 MiB }
                  %s
                }
                """.formatted(more));
    }

    @Test
    void streamsOutliveTheSwapOfTheirModelAndTheDeathOfTheirNode() throws Exception {
        String config = config("").toString();
        try (RunningMember gateway = RunningMember.gateway(folder)) {
            String seed = gateway.said("cluster (\\S+),");
            String management = gateway.said("management (\\S+)");
            URI url = URI.create(gateway.said("^(http://\\S+)"));
            try (RunningMember one = node("one", seed, config).awaitReady();
                    RunningMember two = node("two", seed, config).awaitReady();
                    var clients = Executors.newVirtualThreadPerTaskExecutor()) {
                assertThat(HealthCheck.await(url.resolve("/health/ready"), PATIENCE, () -> true))
                        .isTrue();
                var streams = new ManyStreams(url, "m", STREAMS, TOKENS);
                List<String> old = streams.all("before", _ -> {});
                List<Future<String>> running = streams.begin(clients, "meanwhile", _ -> {});
                Thread.sleep(500);
                Belle swapped = Belle.run("model", "swap", second.toString(), "--name", "m", "--url", management);
                assertThat(swapped.status()).as(swapped.err()).isZero();
                assertThat(swapped.out()).startsWith("m (bundle ").contains("is served by 2 nodes");
                assertThat(states(management)).containsExactly("m retired", "m ready", "m retired", "m ready");
                List<Future<String>> begun = streams.begin(clients, "after", _ -> {});
                Thread.sleep(300);
                one.kill();
                List<String> texts = ManyStreams.await(running);
                assertThat(texts).as("begun before, ended after").isEqualTo(old);
                List<String> now = ManyStreams.await(begun);
                assertThat(now).doesNotContainAnyElementsOf(old);
                assertThat(streams.all("later", _ -> {})).isEqualTo(now);
                Belle unload = Belle.run("model", "unload", "m", "--url", management);
                assertThat(unload.status()).isEqualTo(1);
                assertThat(unload.err()).contains("'m' is the only model");
                try (RunningMember again = node("again", seed, config).awaitReady()) {
                    assertThat(two.terminate()).isZero();
                    assertThat(streams.all("rejoined", _ -> {}))
                            .as("of the bundle that the cluster had loaded")
                            .isEqualTo(now);
                    assertThat(again.terminate()).isZero();
                }
            }
        }
    }

    private RunningMember node(String name, String seed, String config) throws IOException {
        return RunningMember.start(
                folder.resolve(name + ".log"),
                "node",
                "--model",
                first.toString(),
                "--seed",
                seed,
                "--fast-failover",
                "--management-port",
                "0",
                "--config",
                config);
    }

    @Test
    void aServerWhoseModelsComeAndGoLosesNoStreamAndKeepsItsMemory() throws Exception {
        String config = config("retire { grace = 100 ms, poll = 50 ms }").toString();
        try (RunningMember server = RunningMember.start(
                                folder.resolve("server.log"),
                                ALL_HEAP_AT_ONCE,
                                "up",
                                "--port",
                                "0",
                                "--management-port",
                                "0",
                                "--model",
                                first.toString(),
                                "--config",
                                config)
                        .awaitReady();
                var clients = Executors.newVirtualThreadPerTaskExecutor()) {
            URI url = URI.create(server.said("^(http://\\S+)"));
            String management = server.said("management (\\S+)");
            refusesBadWishes(management);
            assertThat(status(management).findPath("version").asText()).isEqualTo(Version.text());
            var streams = new ManyStreams(url, "m", STREAMS, TOKENS);
            List<String> expected = streams.all("before", _ -> {});
            List<String> other = List.of();
            long begun = 0;
            for (int round = 0; round < ROUNDS; round++) {
                List<Future<String>> running = streams.begin(clients, "old", _ -> {});
                change(management, "load", second, "extra");
                change(management, "swap", second, "m");
                List<Future<String>> swapped = streams.begin(clients, "new", _ -> {});
                change(management, "unload", Path.of(""), "extra");
                assertThat(ManyStreams.await(running)).as("round %d", round).isEqualTo(expected);
                List<String> texts = ManyStreams.await(swapped);
                other = other.isEmpty() ? texts : other;
                assertThat(texts).as("round %d", round).isEqualTo(other);
                change(management, "swap", first, "m");
                awaitStates(management, "m ready");
                begun = round == ROUNDS / 4 ? anonymousBytes(server) : begun;
            }
            long ended = anonymousBytes(server);
            System.out.printf(
                    "%d rounds of load, swap, unload, swap: anonymous memory %d MB after a quarter, %d MB at the end%n",
                    ROUNDS, begun >> 20, ended >> 20);
            if (ROUNDS >= 100) {
                assertThat(ended).isLessThan(begun + begun / 10);
            }
        }
    }

    private static void refusesBadWishes(String management) throws Exception {
        assertThat(wish(management, "load", "null").body()).contains("'directory' is missing");
        assertThat(wish(management, "load", "{").body()).contains("must be a JSON object");
        assertThat(wish(management, "load", "{\"directory\": \"x\", \"nme\": \"m\"}")
                        .body())
                .contains("nme");
        assertThat(wish(management, "load", "{\"directory\": \"a\\u0000b\"}").body())
                .contains("directory is no path");
        assertThat(wish(management, "unload", "{}").body()).contains("'name' is missing");
        assertThat(wish(management, "drop", "{}").statusCode()).isEqualTo(404);
    }

    private static HttpResponse<String> wish(String management, String change, String body) throws Exception {
        return HTTP.send(
                HttpRequest.newBuilder(URI.create(management + "/belle/models/" + change))
                        .header("X-Belle", "test")
                        .POST(BodyPublishers.ofString(body))
                        .build(),
                BodyHandlers.ofString());
    }

    private static void change(String management, String change, Path directory, String name) throws Exception {
        String body = JSON.writeValueAsString(
                change.equals("unload")
                        ? Map.of("name", name)
                        : Map.of("name", name, "directory", directory.toString()));
        HttpResponse<String> answer = wish(management, change, body);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }

    private static void awaitStates(String management, String... states) throws Exception {
        long begun = System.nanoTime();
        while (!states(management).equals(List.of(states))) {
            assertThat(System.nanoTime() - begun)
                    .as("states are %s", states(management))
                    .isLessThan(PATIENCE.toNanos());
            Thread.sleep(20);
        }
    }

    private static JsonNode status(String management) throws Exception {
        HttpResponse<String> answer = HTTP.send(
                HttpRequest.newBuilder(URI.create(management + "/belle/status")).build(), BodyHandlers.ofString());
        return JSON.readTree(answer.body());
    }

    private static List<String> states(String management) throws Exception {
        List<String> states = new ArrayList<>();
        for (JsonNode member : status(management).get("members")) {
            for (JsonNode model : member.path("node").path("models")) {
                states.add(model.get("id").asText() + " " + model.get("state").asText());
            }
        }
        return states;
    }

    private static long anonymousBytes(RunningMember server) throws IOException {
        String line = Files.readAllLines(Path.of("/proc/" + server.pid() + "/status")).stream()
                .filter(each -> each.startsWith("RssAnon:"))
                .findFirst()
                .orElseThrow();
        return 1024 * Long.parseLong(line.replaceAll("[^0-9]", ""));
    }
}
