package belle.bench;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/** Waits until a server says of itself that it is ready. */
public final class HealthCheck {
    private static final Duration POLL = Duration.ofMillis(20);

    private HealthCheck() {}

    /**
     * Asks {@code health} until it answers 200.
     *
     * @return false when {@code limit} passed first, or {@code alive} became false
     */
    public static boolean await(URI health, Duration limit, BooleanSupplier alive) throws InterruptedException {
        long start = System.nanoTime();
        try (var http = HttpClient.newHttpClient()) {
            while (!ready(http, health)) {
                if (!alive.getAsBoolean() || System.nanoTime() - start > limit.toNanos()) {
                    return false;
                }
                Thread.sleep(POLL);
            }
        }
        return true;
    }

    private static boolean ready(HttpClient http, URI health) throws InterruptedException {
        try {
            var request = HttpRequest.newBuilder(health)
                    .timeout(Duration.ofSeconds(5))
                    .build();
            return http.send(request, BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException e) {
            return false;
        }
    }
}
