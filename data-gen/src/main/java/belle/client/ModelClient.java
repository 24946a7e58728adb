package belle.client;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.random.RandomGenerator;

/**
 * Asks one server. Each question has a virtual thread of its own, which waits, tries again and gives up; how many are
 * asked at once is the caller's choice. The opener closes it: what is under way then ends.
 */
public final class ModelClient implements AutoCloseable {
    /** Bytes of an answer that are read at most. */
    static final long MAX_ANSWER_BYTES = 8L << 20;

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int SHOWN_CHARACTERS = 300;

    private final ModelServer server;
    private final Retries retries;
    private final Budget budget;
    private final RandomGenerator random;
    private final Clock clock;
    private final HttpClient http;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    /** {@code random}, which threads share, spreads the pauses; {@code clock} is what dates in answers are held against. */
    public ModelClient(ModelServer server, Retries retries, Budget budget, RandomGenerator random, Clock clock) {
        this.server = server;
        this.retries = retries;
        this.budget = budget;
        this.random = random;
        this.clock = clock;
        var builder = HttpClient.newBuilder().version(Version.HTTP_1_1).connectTimeout(server.timeout());
        server.proxy()
                .ifPresent(proxy -> builder.proxy(ProxySelector.of(
                        new InetSocketAddress(proxy.getHost(), proxy.getPort() < 0 ? 80 : proxy.getPort()))));
        http = builder.build();
    }

    /** Asks; never completes exceptionally but for a bug. */
    public CompletionStage<Outcome> ask(Request request) {
        return CompletableFuture.supplyAsync(() -> tries(request), threads);
    }

    private Outcome tries(Request request) {
        String last = "";
        for (int tried = 1; tried <= retries.tries(); tried++) {
            if (!budget.takeRequest()) {
                return new Outcome.Unasked(tried - 1);
            }
            switch (once(request)) {
                case Try.Told(Answer answer) -> {
                    return new Outcome.Answered(answer, tried);
                }
                case Try.Refused(String reason, boolean always) -> {
                    return always ? new Outcome.Refused(reason, tried) : new Outcome.Failed(reason, tried);
                }
                case Try.Interrupted _ -> {
                    return new Outcome.Unasked(tried);
                }
                case Try.Again(String reason, Optional<Duration> asked) -> {
                    last = reason;
                    if (tried < retries.tries() && !slept(asked.orElse(retries.pause(tried, random)))) {
                        return new Outcome.Unasked(tried);
                    }
                }
            }
        }
        return new Outcome.Failed(server + ": no answer in " + retries.tries() + " tries: " + last, retries.tries());
    }

    /** What one request came to. */
    private sealed interface Try {
        record Told(Answer answer) implements Try {}

        record Refused(String reason, boolean always) implements Try {}

        record Again(String reason, Optional<Duration> pause) implements Try {}

        record Interrupted() implements Try {}
    }

    private Try once(Request request) {
        CompletableFuture<HttpResponse<byte[]>> response =
                http.sendAsync(message(request), BodyHandlers.limiting(BodyHandlers.ofByteArray(), MAX_ANSWER_BYTES));
        try {
            return judged(response.get(server.timeout().toMillis(), TimeUnit.MILLISECONDS), request.api());
        } catch (TimeoutException e) {
            giveUp(response);
            return again("no answer within " + server.timeout().toSeconds() + " s");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException broken) {
                return again(oneLine(Objects.requireNonNullElse(broken.getMessage(), "no connection")));
            }
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            giveUp(response);
            return new Try.Interrupted();
        }
    }

    /** Closes the request's connection: only an interrupting cancel reaches it (see {@link HttpClient}). */
    @SuppressWarnings("Interruption")
    private static void giveUp(CompletableFuture<?> response) {
        response.cancel(true);
    }

    private HttpRequest message(Request request) {
        var message = HttpRequest.newBuilder(server.address(request.api()))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(request.body(JSON).toString()));
        server.key().ifPresent(key -> message.header("Authorization", "Bearer " + key));
        return message.build();
    }

    private Try judged(HttpResponse<byte[]> response, Api api) {
        int status = response.statusCode();
        if (status == 200) {
            Optional<Answer> answer = Answer.read(JSON, response.body(), api);
            answer.ifPresent(whole -> budget.spend(whole.tokens()));
            return answer.<Try>map(Try.Told::new)
                    .orElseGet(() -> again("an answer without text: " + shown(response.body())));
        }
        String reason = status + ": " + message(response.body());
        if (status == 408 || status == 429 || status >= 500) {
            return new Try.Again(reason, retries.asked(response.headers().firstValue("Retry-After"), clock.instant()));
        }
        boolean always = status == 401 || status == 403 || status == 404 || status == 405;
        return new Try.Refused(server.address(api) + ": " + reason, always);
    }

    private static Try again(String reason) {
        return new Try.Again(reason, Optional.empty());
    }

    /** The message of an error in OpenAI's form, or what there is. */
    private static String message(byte[] body) {
        try {
            String message = JSON.readTree(body).path("error").path("message").asText("");
            return message.isEmpty() ? shown(body) : oneLine(message);
        } catch (IOException e) {
            return shown(body);
        }
    }

    private static String shown(byte[] body) {
        return oneLine(new String(body, StandardCharsets.UTF_8));
    }

    private static String oneLine(String text) {
        String line = text.strip().replaceAll("\\s*\\R\\s*", "; ");
        return line.length() <= SHOWN_CHARACTERS ? line : line.substring(0, SHOWN_CHARACTERS) + "…";
    }

    private static boolean slept(Duration pause) {
        try {
            Thread.sleep(pause);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
        http.shutdownNow();
    }
}
