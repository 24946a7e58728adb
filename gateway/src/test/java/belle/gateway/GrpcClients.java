package belle.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import belle.v1.BelleClient;
import belle.v1.Call;
import belle.v1.ChatMessage;
import belle.v1.ChatRequest;
import belle.v1.Event;
import belle.v1.GenerateRequest;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.apache.pekko.NotUsed;
import org.apache.pekko.grpc.GrpcClientSettings;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;

/** The generated Java client, and what tests do with it. */
final class GrpcClients {
    /** How a call ended that did not end well. */
    record Refusal(String status, String message, String code, String param, String type, String retryAfter) {}

    private GrpcClients() {}

    static GrpcClientSettings settings(Fixture gateway) {
        return GrpcClientSettings.connectToServiceAt(
                        "127.0.0.1", gateway.address().getPort(), gateway.system())
                .withTls(false);
    }

    static BelleClient client(Fixture gateway) {
        return BelleClient.create(settings(gateway), gateway.system());
    }

    static GenerateRequest.Builder generate(String prompt) {
        return GenerateRequest.newBuilder().setModel("fake").setPrompt(prompt);
    }

    static ChatRequest.Builder chat(String content) {
        return ChatRequest.newBuilder()
                .setModel("fake")
                .addMessages(ChatMessage.newBuilder().setRole("user").setContent(content));
    }

    static Call whole() {
        return Call.newBuilder().setWhole(true).build();
    }

    static List<Event> all(Fixture gateway, Source<Event, NotUsed> events) {
        return now(events.runWith(Sink.seq(), gateway.system()));
    }

    static String text(List<Event> events) {
        return events.stream()
                .map(event -> event.getDelta().getText() + event.getFinished().getText())
                .collect(Collectors.joining());
    }

    /** Waits for an answer; a refused call throws a {@link StatusRuntimeException}. */
    static <T> T now(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().get(Fixture.PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : new CompletionException(e);
        } catch (InterruptedException | TimeoutException e) {
            throw new IllegalStateException(e);
        }
    }

    static Refusal refusal(Fixture gateway, Source<Event, NotUsed> events) {
        return refusal(events.runWith(Sink.seq(), gateway.system()));
    }

    static Refusal refusal(CompletionStage<?> stage) {
        try {
            throw new AssertionError("not refused, but " + now(stage));
        } catch (StatusRuntimeException e) {
            assertThat(e.getTrailers()).isNotNull();
            Metadata trailers = Objects.requireNonNull(e.getTrailers());
            return new Refusal(
                    e.getStatus().getCode().name(),
                    Objects.requireNonNullElse(e.getStatus().getDescription(), ""),
                    trailer(trailers, "belle-error-code"),
                    trailer(trailers, "belle-error-param"),
                    trailer(trailers, "belle-error-type"),
                    trailer(trailers, "retry-after"));
        }
    }

    private static String trailer(Metadata trailers, String name) {
        return Objects.requireNonNullElse(
                trailers.get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER)), "null");
    }
}
