package belle.cli;

import belle.proto.Failure;
import belle.proto.FailureException;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Speaks OpenAI's chat completions as a stream of server-sent events. */
final class ChatClient implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final URI base;
    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();

    ChatClient(URI base) {
        this.base = base;
    }

    record Message(String role, String content) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Request(
            String model,
            List<Message> messages,
            @Nullable Double temperature,
            @JsonProperty("max_tokens") @Nullable Integer maxTokens,
            boolean stream) {
        Request(String model, List<Message> messages, @Nullable Double temperature, @Nullable Integer maxTokens) {
            this(model, messages, temperature, maxTokens, true);
        }
    }

    /** Returns the id of the first model served. */
    String firstModel() throws IOException, InterruptedException {
        try (InputStream body = send(HttpRequest.newBuilder(base.resolve("/v1/models")))) {
            JsonNode first = JSON.readTree(body).path("data").path(0).path("id");
            if (first.isMissingNode()) {
                throw failed(base + ": serves no model");
            }
            return first.asText();
        }
    }

    /** Sends a conversation, hands over each piece of the answer as it comes, and returns the whole. */
    String stream(Request request, Consumer<String> piece) throws IOException, InterruptedException {
        var post = HttpRequest.newBuilder(base.resolve("/v1/chat/completions"))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofByteArray(JSON.writeValueAsBytes(request)));
        var answer = new StringBuilder();
        try (var lines = new BufferedReader(new InputStreamReader(send(post), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (!line.startsWith("data:")) {
                    continue;
                }
                String data = line.substring("data:".length()).strip();
                if (data.equals("[DONE]")) {
                    return answer.toString();
                }
                JsonNode event = JSON.readTree(data);
                if (event.has("error")) {
                    throw failed(event.path("error").path("message").asText());
                }
                String text = event.path("choices")
                        .path(0)
                        .path("delta")
                        .path("content")
                        .asText("");
                answer.append(text);
                piece.accept(text);
            }
        }
        throw failed(base + ": the stream broke off");
    }

    @Override
    public void close() {
        http.close();
    }

    private InputStream send(HttpRequest.Builder request) throws IOException, InterruptedException {
        HttpResponse<InputStream> response;
        try {
            response = http.send(request.build(), BodyHandlers.ofInputStream());
        } catch (ConnectException e) {
            throw new FailureException(
                    new Failure.Unavailable(base + ": no server there; start one with: belle up"), e);
        }
        if (response.statusCode() != 200) {
            try (InputStream body = response.body()) {
                String text = new String(body.readAllBytes(), StandardCharsets.UTF_8);
                throw failed(base + ": " + response.statusCode() + ": " + errorMessage(text));
            }
        }
        return response.body();
    }

    private static String errorMessage(String body) {
        try {
            return JSON.readTree(body).path("error").path("message").asText(body);
        } catch (IOException e) {
            return body;
        }
    }

    private static FailureException failed(String message) {
        return new FailureException(new Failure.Unavailable(message));
    }
}
