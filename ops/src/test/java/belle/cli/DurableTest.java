package belle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import belle.bench.HealthCheck;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A gateway and two nodes with a journal, all killed at once and started again. */
class DurableTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    @TempDir
    private Path folder;

    private final List<RunningMember> started = new ArrayList<>();

    @AfterEach
    void killAll() throws IOException {
        for (RunningMember member : started) {
            member.close();
        }
    }

    /** What a client has of a stream: each event's id and data. */
    private record Told(List<String> ids, List<String> data) {
        Told() {
            this(new ArrayList<>(), new ArrayList<>());
        }

        String stream() {
            return ids.getFirst().substring(0, ids.getFirst().lastIndexOf('.'));
        }

        Told and(Told rest) {
            Told both = new Told(new ArrayList<>(ids), new ArrayList<>(data));
            both.ids.addAll(rest.ids);
            both.data.addAll(rest.data);
            return both;
        }

        Map<Integer, String> texts() throws IOException {
            Map<Integer, String> texts = new TreeMap<>();
            for (String event : data) {
                JsonNode choices = event.equals("[DONE]")
                        ? JSON.createArrayNode()
                        : JSON.readTree(event).get("choices");
                choices.forEach(choice -> texts.merge(
                        choice.get("index").asInt(), choice.path("text").asText(), String::concat));
            }
            return texts;
        }

        List<Long> indexes() {
            return ids.stream()
                    .map(id -> Long.valueOf(id.substring(id.lastIndexOf('.') + 1)))
                    .toList();
        }
    }

    private record Cluster(RunningMember gateway, RunningMember one, RunningMember two, URI url)
            implements AutoCloseable {
        /** Kills all, the gateway first. */
        @Override
        public void close() throws IOException {
            gateway.close();
            one.close();
            two.close();
        }
    }

    @Test
    void conversationsOutliveTheDeathOfAllProcesses() throws Exception {
        Told undisturbed;
        Told finished;
        Told cut;
        try (Cluster cluster = start("before")) {
            undisturbed = read(post(cluster, "undisturbed"), Integer.MAX_VALUE, cluster);
            finished = read(post(cluster, "finished"), Integer.MAX_VALUE, cluster);
            cut = read(post(cluster, "cut"), 40, cluster);
        }
        assertThat(undisturbed.data().getLast()).isEqualTo("[DONE]");
        assertThat(cut.data().size()).isBetween(40, undisturbed.data().size() - 10);
        try (Cluster cluster = start("after")) {
            assertThat(read(get(cluster, finished, Optional.empty()), Integer.MAX_VALUE, cluster))
                    .isEqualTo(finished);
            Told rest = read(get(cluster, cut, Optional.of(cut.ids().getLast())), Integer.MAX_VALUE, cluster);
            Told whole = cut.and(rest);
            assertThat(whole.texts()).isEqualTo(undisturbed.texts());
            assertThat(whole.indexes()).isEqualTo(undisturbed.indexes());

            assertThat(session(cluster, "GET").body()).contains("\"finished\"", finished.stream());
            assertThat(session(cluster, "DELETE").statusCode()).isEqualTo(204);
            assertThat(session(cluster, "GET").statusCode()).isEqualTo(404);
            assertThat(session(cluster, "DELETE").statusCode()).isEqualTo(404);
            assertThat(rows("finished~")).isZero();
            assertThat(rows("cut~")).isEqualTo(1);
        }
    }

    private Cluster start(String name) throws IOException, InterruptedException {
        Path bundle = TinyBundle.in(folder);
        // Slow enough to be cut in the middle.
        Path config = Files.writeString(folder.resolve("node.conf"), "belle.node.planted-faults.min-step = 15 ms\n");
        RunningMember gateway =
                RunningMember.start(log(name, "gateway"), "gateway", "--port", "0", "--management-port", "0");
        started.add(gateway);
        gateway.awaitReady();
        String seed = gateway.said("cluster (\\S+),");
        RunningMember one = node(log(name, "one"), bundle, seed, config);
        started.add(one);
        RunningMember two = node(log(name, "two"), bundle, seed, config);
        started.add(two);
        one.awaitReady();
        two.awaitReady();
        URI url = URI.create(gateway.said("^(http://\\S+)"));
        assertThat(HealthCheck.await(url.resolve("/health/ready"), PATIENCE, () -> true))
                .isTrue();
        return new Cluster(gateway, one, two, url);
    }

    private RunningMember node(Path log, Path bundle, String seed, Path config) throws IOException {
        return RunningMember.start(
                log,
                "node",
                "--model",
                bundle.toString(),
                "--seed",
                seed,
                "--config",
                config.toString(),
                "--journal",
                "h2:" + folder.resolve("journal"));
    }

    private Path log(String cluster, String member) {
        return folder.resolve(cluster + "-" + member + ".log");
    }

    private static HttpRequest post(Cluster cluster, String session) {
        String body = """
                {"model": "belle-tiny", "prompt": "第一个故事", "max_tokens": 120, "ignore_eos": true, "stream": true,
                 "n": 2, "temperature": 0.9, "seed": 5, "stream_options": {"include_usage": true}}""";
        return HttpRequest.newBuilder(cluster.url().resolve("/v1/completions"))
                .header("Content-Type", "application/json")
                .header("X-Session-Id", session)
                .timeout(PATIENCE)
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
    }

    private static HttpRequest get(Cluster cluster, Told stream, Optional<String> lastEventId) {
        var request = HttpRequest.newBuilder(cluster.url().resolve("/v1/streams/" + stream.stream()))
                .timeout(PATIENCE);
        lastEventId.ifPresent(id -> request.header("Last-Event-ID", id));
        return request.build();
    }

    private static HttpResponse<String> session(Cluster cluster, String method)
            throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(cluster.url().resolve("/v1/sessions/finished"))
                .timeout(PATIENCE)
                .method(method, HttpRequest.BodyPublishers.noBody())
                .build();
        return CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
    }

    /** Reads a stream to its end, or kills the cluster after so many events and reads what comes still. */
    private static Told read(HttpRequest request, int killAfter, Cluster cluster) throws Exception {
        var answer = CLIENT.send(request, HttpResponse.BodyHandlers.ofLines());
        assertThat(answer.statusCode()).isEqualTo(200);
        Told told = new Told();
        String id = "";
        try {
            for (String line : (Iterable<String>) answer.body()::iterator) {
                if (line.startsWith("id: ")) {
                    id = line.substring("id: ".length());
                } else if (line.startsWith("data: ")) {
                    told.ids().add(id);
                    told.data().add(line.substring("data: ".length()));
                }
                if (told.data().size() == killAfter) {
                    cluster.close();
                }
            }
        } catch (UncheckedIOException e) {
            assertThat(told.data().size()).as("cut off by itself: " + e).isGreaterThanOrEqualTo(killAfter);
        }
        return told;
    }

    private int rows(String streamPrefix) throws Exception {
        String url = "jdbc:h2:file:" + folder.resolve("journal").resolve("sessions") + ";AUTO_SERVER=TRUE";
        try (var connection = DriverManager.getConnection(url);
                var query = connection.prepareStatement("SELECT COUNT(*) FROM belle_turn WHERE stream LIKE ?")) {
            query.setString(1, streamPrefix + "%");
            try (var rows = query.executeQuery()) {
                rows.next();
                return rows.getInt(1);
            }
        }
    }
}
