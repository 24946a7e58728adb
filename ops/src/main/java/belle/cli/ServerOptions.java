package belle.cli;

import belle.client.Budget;
import belle.client.ModelClient;
import belle.client.ModelServer;
import belle.client.Proxies;
import belle.client.Retries;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Flags of every command that asks a server. Its key is {@code OPENAI_API_KEY}. */
final class ServerOptions {
    @Option(
            names = "--base-url",
            defaultValue = "http://127.0.0.1:8080/v1",
            paramLabel = "URL",
            description = "The server (${DEFAULT-VALUE}).")
    private URI baseUrl;

    @Option(
            names = "--concurrency",
            defaultValue = "4",
            paramLabel = "N",
            description = "Requests at once (${DEFAULT-VALUE}).")
    private int concurrency;

    @Option(
            names = "--tries",
            defaultValue = "6",
            paramLabel = "N",
            description = "Requests for one answer (${DEFAULT-VALUE}).")
    private int tries;

    @Option(
            names = "--timeout",
            defaultValue = "300",
            paramLabel = "S",
            description = "Seconds for one request (${DEFAULT-VALUE}).")
    private int timeoutSeconds;

    @Option(names = "--proxy", paramLabel = "URL", description = "In place of the environment's.")
    private @Nullable URI proxy;

    /** Refuses wrong values as wrong usage of {@code command}. */
    void check(CommandLine command) {
        atLeast(command, "--concurrency", concurrency, 1);
        atLeast(command, "--tries", tries, 1);
        atLeast(command, "--timeout", timeoutSeconds, 1);
    }

    static void atLeast(CommandLine command, String flag, long value, long least) {
        if (value < least) {
            throw new ParameterException(command, flag + " must be at least " + least + ", not " + value);
        }
    }

    int concurrency() {
        return concurrency;
    }

    ModelServer server() {
        Optional<String> key =
                Optional.ofNullable(System.getenv("OPENAI_API_KEY")).filter(text -> !text.isBlank());
        Optional<URI> through = Optional.ofNullable(proxy).or(() -> Proxies.of(baseUrl, System.getenv()));
        return new ModelServer(baseUrl, key, through, Duration.ofSeconds(timeoutSeconds));
    }

    /** A client of the server that may spend what it likes. The caller closes it. */
    ModelClient client() {
        return new ModelClient(server(), retries(), Budget.unlimited(), new Random(), Clock.systemUTC());
    }

    Retries retries() {
        return new Retries(tries, Duration.ofMillis(500), Duration.ofSeconds(60));
    }
}
