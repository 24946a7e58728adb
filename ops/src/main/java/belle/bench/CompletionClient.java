package belle.bench;

import belle.proto.Failure;
import belle.proto.FailureException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Streams greedy completions from any server that speaks {@code /v1/completions}, and notes when each piece came. */
final class CompletionClient implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final URI base;
    private final String model;
    private final HttpClient http =
            HttpClient.newBuilder().version(Version.HTTP_1_1).build();

    CompletionClient(URI base, String model) {
        this.base = base;
        this.model = model;
    }

    /**
     * One answer.
     *
     * @param sentNanos when the request went out
     * @param pieceNanos when each piece of text came
     * @param endNanos when the stream ended
     * @param promptTokens as the server counted them
     * @param outputTokens as the server counted them
     */
    record Answer(
            long sentNanos, List<Long> pieceNanos, long endNanos, String text, int promptTokens, int outputTokens) {
        /** A token may be half a character and bring no piece of text: then the end of the stream counts. */
        double firstTokenSeconds() {
            return (firstNanos() - sentNanos) / 1e9;
        }

        /** Tokens per second behind the first one. */
        double decodeSpeed() {
            return (outputTokens - 1) / ((endNanos - firstNanos()) / 1e9);
        }

        /** Seconds between pieces, of the pauses that touch the time between two moments. */
        List<Double> gapsBetween(long from, long to) {
            List<Double> gaps = new ArrayList<>();
            for (int i = 1; i < pieceNanos.size(); i++) {
                if (pieceNanos.get(i) > from && pieceNanos.get(i - 1) < to) {
                    gaps.add((pieceNanos.get(i) - pieceNanos.get(i - 1)) / 1e9);
                }
            }
            return gaps;
        }

        /** How many of its tokens came between two moments, as if they came evenly. */
        double tokensBetween(long from, long to) {
            long first = Math.max(from, firstNanos());
            long last = Math.min(to, endNanos);
            return last <= first ? 0 : (double) outputTokens * (last - first) / (endNanos - firstNanos());
        }

        private long firstNanos() {
            return pieceNanos.isEmpty() ? endNanos : pieceNanos.getFirst();
        }
    }

    Answer complete(String prompt, int tokens) throws IOException, InterruptedException {
        return complete(prompt, tokens, () -> {});
    }

    /**
     * Asks for exactly {@code tokens} tokens, the model's end token ignored.
     *
     * @param begun is run when the first piece comes
     * @throws FailureException when the server refuses, breaks off or gives another number of tokens
     */
    Answer complete(String prompt, int tokens, Runnable begun) throws IOException, InterruptedException {
        var body = Map.of(
                "model",
                model,
                "prompt",
                prompt,
                "max_tokens",
                tokens,
                "temperature",
                0,
                "repetition_penalty",
                1,
                "ignore_eos",
                true,
                "stream",
                true,
                "stream_options",
                Map.of("include_usage", true));
        var request = HttpRequest.newBuilder(base.resolve("/v1/completions"))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body)))
                .build();
        long sent = System.nanoTime();
        var response = http.send(request, BodyHandlers.ofInputStream());
        if (response.statusCode() != 200) {
            try (InputStream refusal = response.body()) {
                throw failed(response.statusCode() + ": " + new String(refusal.readAllBytes(), StandardCharsets.UTF_8));
            }
        }
        Answer answer = read(response.body(), sent, begun);
        if (answer.outputTokens() != tokens) {
            throw failed("gave " + answer.outputTokens() + " tokens instead of " + tokens);
        }
        return answer;
    }

    private Answer read(InputStream body, long sent, Runnable begun) throws IOException {
        List<Long> times = new ArrayList<>();
        var text = new StringBuilder();
        int promptTokens = 0;
        int outputTokens = 0;
        try (var lines = new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (!line.startsWith("data:") || line.endsWith("[DONE]")) {
                    continue;
                }
                JsonNode event = JSON.readTree(line.substring("data:".length()));
                if (event.has("error")) {
                    throw failed(event.path("error").toString());
                }
                JsonNode choice = event.path("choices").path(0);
                String piece = choice.path("text").asText("");
                if (!choice.isMissingNode() && (choice.path("finish_reason").isNull() || !piece.isEmpty())) {
                    if (times.isEmpty()) {
                        begun.run();
                    }
                    times.add(System.nanoTime());
                    text.append(piece);
                }
                if (event.path("usage").isObject()) {
                    promptTokens = event.path("usage").path("prompt_tokens").asInt();
                    outputTokens = event.path("usage").path("completion_tokens").asInt();
                }
            }
        }
        return new Answer(sent, times, System.nanoTime(), text.toString(), promptTokens, outputTokens);
    }

    @Override
    public void close() {
        http.close();
    }

    private FailureException failed(String problem) {
        return new FailureException(new Failure.Unavailable(base + ": " + problem));
    }
}
