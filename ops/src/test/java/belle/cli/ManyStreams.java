package belle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;

/**
 * The same sampled completions, asked all at once and again and again in sessions of their own: what they tell does not depend on what
 * happens to the server.
 *
 * @param number of streams
 * @param tokens of each
 */
record ManyStreams(URI url, String model, int number, int tokens) {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final long LIMIT_SECONDS = 180;

    /**
     * Asks for all of them.
     *
     * @param round names the sessions
     * @param gaps told of the nanoseconds between two events of a stream
     */
    List<Future<String>> begin(ExecutorService clients, String round, LongConsumer gaps) {
        List<Future<String>> asked = new ArrayList<>();
        for (int i = 0; i < number; i++) {
            int stream = i;
            asked.add(clients.submit(() -> read(round, stream, gaps)));
        }
        return asked;
    }

    /** Returns what streams told, in their order. */
    static List<String> await(List<Future<String>> asked) throws Exception {
        List<String> told = new ArrayList<>();
        for (Future<String> stream : asked) {
            told.add(stream.get(LIMIT_SECONDS, TimeUnit.SECONDS));
        }
        return told;
    }

    /** Asks for all of them, and returns what they told. */
    List<String> all(String round, LongConsumer gaps) throws Exception {
        try (var clients = Executors.newVirtualThreadPerTaskExecutor()) {
            return await(begin(clients, round, gaps));
        }
    }

    /** Reads a stream to its good end; returns its events from their choices on. */
    private String read(String round, int stream, LongConsumer gaps) throws IOException, InterruptedException {
        String body = """
                {"model": "%s", "prompt": "第%d个故事", "max_tokens": %d, "ignore_eos": true, "temperature": 0.9, "seed": %d,
                 "logprobs": 1, "stream": true}
                """.formatted(model, stream, tokens, stream);
        var answer = HTTP.send(
                HttpRequest.newBuilder(url.resolve("/v1/completions"))
                        .header("Content-Type", "application/json")
                        .header("X-Session-Id", model + "-" + round + "-" + stream)
                        .POST(BodyPublishers.ofString(body))
                        .build(),
                BodyHandlers.ofLines());
        assertThat(answer.statusCode()).isEqualTo(200);
        StringBuilder told = new StringBuilder();
        long last = 0;
        for (String line : (Iterable<String>) answer.body()::iterator) {
            if (line.startsWith("data: ")) {
                long now = System.nanoTime();
                if (last > 0) {
                    gaps.accept(now - last);
                }
                last = now;
                told.append(line.replaceFirst(".*\"choices\"", "")).append('\n');
            }
        }
        assertThat(told.toString()).doesNotContain("\"error\"").endsWith("data: [DONE]\n");
        return told.toString();
    }
}
