package belle.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import belle.cli.RunningBelle;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three processes in one cluster. Streams that one of them computes survive its death, and are told as if nothing was. */
class FailoverTest {
    private static final int STREAMS = 12;
    private static final ObjectMapper JSON = new ObjectMapper();
    /** Greedy and sampled, several choices, penalties, log-probabilities, a stop string that never comes whole. */
    private static final List<String> KINDS = List.of(
            "\"temperature\": 0",
            "\"temperature\": 0.9, \"seed\": 5, \"n\": 2, \"logprobs\": 2",
            "\"temperature\": 0.8, \"seed\": 9, \"repetition_penalty\": 1.2, \"presence_penalty\": 0.5",
            "\"temperature\": 1.1, \"seed\": 3, \"top_p\": 0.9, \"stop\": [\"。。。。。。。。\"]");

    /** What a client has of an answer: everything but the cache's part in it. */
    private record Told(
            Map<Integer, String> texts, List<String> logprobs, List<String> ends, int tokens, String last) {}

    @Test
    void noStreamLosesOrRepeatsAnythingWhenItsNodeIsKilledOrLeaves(@TempDir Path folder) throws Exception {
        List<Integer> ports = List.of(freePort(), freePort(), freePort());
        try (var clients = Executors.newVirtualThreadPerTaskExecutor();
                var first = member(folder.resolve("1"), ports, 0);
                var killed = member(folder.resolve("2"), ports, 1);
                var leaving = member(folder.resolve("3"), ports, 2)) {
            List<Told> expected = results(start(clients, first.url(), "whole", new CountDownLatch(0)));
            assertThat(expected).allSatisfy(told -> assertThat(told.last()).isEqualTo("[DONE]"));

            var running = new CountDownLatch(STREAMS * 30);
            List<Future<Told>> streams = start(clients, first.url(), "killed", running);
            assertThat(running.await(60, TimeUnit.SECONDS)).isTrue();
            killed.kill();
            assertThat(results(streams)).isEqualTo(expected);

            running = new CountDownLatch(STREAMS * 30);
            streams = start(clients, first.url(), "left", running);
            assertThat(running.await(60, TimeUnit.SECONDS)).isTrue();
            leaving.terminate();
            assertThat(results(streams)).isEqualTo(expected);
            leaving.awaitEnd();
        }
    }

    private static RunningBelle member(Path folder, List<Integer> ports, int number) throws IOException {
        Files.createDirectories(folder);
        Path config =
                Files.writeString(folder.resolve("member.conf"), """
                pekko.remote.artery.canonical.port = %d
                pekko.cluster {
                  seed-nodes = ["pekko://belle@127.0.0.1:%d"]
                  roles = [node]
                  failure-detector { heartbeat-interval = 300 ms, acceptable-heartbeat-pause = 3 s }
                  split-brain-resolver.stable-after = 2 s
                }
                belle.node.runtime { threads = 1, kv-cache-bytes = 64 MiB }
                """.formatted(ports.get(number), ports.getFirst()));
        return RunningBelle.start(folder, "--config", config.toString());
    }

    private static List<Future<Told>> start(ExecutorService clients, URI url, String round, CountDownLatch events) {
        List<Future<Told>> streams = new ArrayList<>();
        for (int i = 0; i < STREAMS; i++) {
            int number = i;
            streams.add(clients.submit(() -> read(url, round + "-" + number, number, events)));
        }
        return streams;
    }

    private static List<Told> results(List<Future<Told>> streams) throws Exception {
        List<Told> told = new ArrayList<>();
        for (Future<Told> stream : streams) {
            told.add(stream.get(120, TimeUnit.SECONDS));
        }
        return told;
    }

    private static Told read(URI url, String session, int number, CountDownLatch events) throws Exception {
        String body = "{\"model\": \"belle-tiny\", \"prompt\": \"第" + number + "个故事\", \"max_tokens\": 900, "
                + "\"ignore_eos\": true, \"stream\": true, \"stream_options\": {\"include_usage\": true}, "
                + KINDS.get(number % KINDS.size()) + "}";
        HttpRequest request = HttpRequest.newBuilder(url.resolve("/v1/completions"))
                .header("Content-Type", "application/json")
                .header("X-Session-Id", session)
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        Map<Integer, String> texts = new TreeMap<>();
        Map<Integer, List<String>> logprobs = new TreeMap<>();
        List<String> ends = new ArrayList<>();
        int tokens = 0;
        String last = "";
        try (var client = HttpClient.newHttpClient()) {
            var answer = client.send(request, HttpResponse.BodyHandlers.ofLines());
            for (String line : (Iterable<String>) answer.body()::iterator) {
                if (!line.startsWith("data: ")) {
                    continue;
                }
                events.countDown();
                last = line.substring("data: ".length());
                JsonNode event = last.equals("[DONE]") ? JSON.createObjectNode() : JSON.readTree(last);
                tokens = Math.max(tokens, event.at("/usage/completion_tokens").asInt());
                for (JsonNode choice : event.path("choices")) {
                    int index = choice.path("index").asInt();
                    texts.merge(index, choice.path("text").asText(), String::concat);
                    if (choice.path("logprobs").isObject()) {
                        logprobs.computeIfAbsent(index, _ -> new ArrayList<>())
                                .add(choice.path("logprobs")
                                        .path("token_logprobs")
                                        .toString());
                    }
                    if (choice.path("finish_reason").isTextual()) {
                        ends.add(index + " " + choice.path("finish_reason").asText());
                    }
                }
            }
        }
        return new Told(
                texts,
                logprobs.values().stream().flatMap(List::stream).toList(),
                ends.stream().sorted().toList(),
                tokens,
                last);
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
