package belle.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import belle.proto.FailureException;
import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelClientTest {
    private static final String TEXT =
            "{\"choices\":[{\"text\":\"好\",\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}";
    private static final Retries RETRIES = new Retries(4, Duration.ofMillis(1), Duration.ofMillis(5));
    private static final Instant NOW = Instant.parse("2026-11-27T10:00:00Z");

    private final Budget budget = Budget.unlimited();

    private ModelClient client(URI base, Budget spent, Optional<String> key, Duration timeout) {
        return new ModelClient(
                new ModelServer(base, key, Optional.empty(), timeout),
                RETRIES,
                spent,
                RandomGeneratorFactory.getDefault().create(1),
                Clock.fixed(NOW, ZoneOffset.UTC));
    }

    private Outcome ask(ScriptedServer server, Api api) {
        try (ModelClient client = client(server.url(), budget, Optional.of("secret"), Duration.ofSeconds(20))) {
            return client.ask(question(api)).toCompletableFuture().join();
        }
    }

    private static Question question(Api api) {
        return new Question(api, "m", "问", 16, 0.5, 0.9, List.of("20."), OptionalLong.of(7));
    }

    @Test
    void asksAsOpenAiDoes() {
        try (var server = new ScriptedServer((_, path, _, exchange) ->
                ScriptedServer.send(exchange, path.equals("/v1/completions") ? 200 : 500, TEXT))) {
            assertThat(ask(server, Api.COMPLETION)).isEqualTo(new Outcome.Answered(new Answer("好", "stop", 3, 2), 1));
            assertThat(server.bodies())
                    .containsExactly(
                            "{\"model\":\"m\",\"max_tokens\":16,\"temperature\":0.5,\"top_p\":0.9,\"prompt\":\"问\","
                                    + "\"stop\":[\"20.\"],\"seed\":7}");
            assertThat(server.keys()).containsExactly("Bearer secret");
            assertThat(budget.tokens()).isEqualTo(5);
        }
    }

    @Test
    void chatsAsOpenAiDoes() {
        try (var server = new ScriptedServer((_, path, _, exchange) -> ScriptedServer.send(
                exchange,
                path.equals("/v1/chat/completions") ? 200 : 500,
                "{\"choices\":[{\"message\":{\"content\":\"好\"}}]}"))) {
            assertThat(ask(server, Api.CHAT)).isEqualTo(new Outcome.Answered(new Answer("好", "", 0, 0), 1));
            assertThat(server.bodies().getFirst()).contains("\"messages\":[{\"role\":\"user\",\"content\":\"问\"}]");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {408, 429, 500, 503})
    void triesAgainWhenTheServerIsBusyOrBroken(int status) {
        try (var server = new ScriptedServer(
                (number, _, _, exchange) -> ScriptedServer.send(exchange, number < 2 ? status : 200, TEXT))) {
            assertThat(ask(server, Api.COMPLETION))
                    .isInstanceOfSatisfying(
                            Outcome.Answered.class,
                            told -> assertThat(told.requests()).isEqualTo(3));
        }
    }

    @Test
    void triesAgainAfterGarbageAndBrokenConnections() {
        try (var server = new ScriptedServer((number, _, _, exchange) -> {
            switch (number) {
                case 0 -> ScriptedServer.send(exchange, 200, "{\"choices\":");
                case 1 -> ScriptedServer.send(exchange, 200, "{\"choices\":[]}");
                case 2 -> {
                    exchange.sendResponseHeaders(200, 1000);
                    exchange.getResponseBody().write('{');
                    exchange.close();
                }
                default -> ScriptedServer.send(exchange, 200, TEXT);
            }
        })) {
            assertThat(ask(server, Api.COMPLETION)).isInstanceOf(Outcome.Answered.class);
        }
    }

    @Test
    void givesUpAfterAllTriesAndSaysWhatWasLast() {
        try (var server = new ScriptedServer((_, _, _, exchange) ->
                ScriptedServer.send(exchange, 500, "{\"error\":{\"message\":\"out\\nof order\"}}"))) {
            assertThat(ask(server, Api.COMPLETION))
                    .isEqualTo(new Outcome.Failed(server.url() + ": no answer in 4 tries: 500: out; of order", 4));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 403, 404})
    void aRefusalIsNotTriedAgain(int status) {
        try (var server = new ScriptedServer(
                (_, _, _, exchange) -> ScriptedServer.send(exchange, status, "{\"error\":{\"message\":\"no\"}}"))) {
            assertThat(ask(server, Api.COMPLETION))
                    .isEqualTo(new Outcome.Refused(server.url() + "/v1/completions: " + status + ": no", 1));
            assertThat(server.bodies()).hasSize(1);
        }
    }

    @Test
    void aQuestionThatIsWrongInItselfFailsAlone() {
        try (var server = new ScriptedServer((_, _, _, exchange) -> ScriptedServer.send(exchange, 400, "too long"))) {
            assertThat(ask(server, Api.COMPLETION))
                    .isEqualTo(new Outcome.Failed(server.url() + "/v1/completions: 400: too long", 1));
        }
    }

    @Test
    void aServerThatHangsIsLeft() {
        try (var server = new ScriptedServer((number, _, _, exchange) -> {
                    if (number == 0) {
                        exchange.sendResponseHeaders(200, 100);
                        exchange.getResponseBody().write('{');
                        exchange.getResponseBody().flush();
                        Thread.sleep(20_000);
                    }
                    ScriptedServer.send(exchange, 200, TEXT);
                });
                ModelClient client = client(server.url(), budget, Optional.empty(), Duration.ofMillis(700))) {
            assertThat(client.ask(question(Api.COMPLETION))
                            .toCompletableFuture()
                            .join())
                    .isInstanceOf(Outcome.Answered.class);
            assertThat(server.bodies()).hasSize(2);
        }
    }

    @Test
    void aServerThatIsNotThereIsNamed() throws Exception {
        HttpServer gone = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        URI base = URI.create("http://127.0.0.1:" + gone.getAddress().getPort() + "/v1/");
        gone.stop(0);
        try (ModelClient client = client(base, budget, Optional.empty(), Duration.ofSeconds(5))) {
            assertThat(client.ask(question(Api.CHAT)).toCompletableFuture().join())
                    .isInstanceOfSatisfying(
                            Outcome.Failed.class,
                            failed -> assertThat(failed.reason()).startsWith(base + ": no answer in 4 tries: "));
        }
    }

    @Test
    void theBudgetEndsTriesToo() {
        var two = new Budget(2, Long.MAX_VALUE, 0, 0);
        try (var server = new ScriptedServer((_, _, _, exchange) -> ScriptedServer.send(exchange, 500, ""));
                ModelClient client = client(server.url(), two, Optional.empty(), Duration.ofSeconds(5))) {
            assertThat(client.ask(question(Api.CHAT)).toCompletableFuture().join())
                    .isEqualTo(new Outcome.Unasked(2));
            assertThat(server.bodies()).hasSize(2);
        }
    }

    @Test
    void waitsAsLongAsTheServerAsks() {
        Retries policy = new Retries(3, Duration.ofSeconds(1), Duration.ofSeconds(30));
        assertThat(policy.asked(Optional.of("7"), NOW)).contains(Duration.ofSeconds(7));
        assertThat(policy.asked(Optional.of("Fri, 27 Nov 2026 10:00:12 GMT"), NOW))
                .contains(Duration.ofSeconds(12));
        assertThat(policy.asked(Optional.of("Fri, 27 Nov 2026 09:00:00 GMT"), NOW))
                .contains(Duration.ZERO);
        assertThat(policy.asked(Optional.of("9999"), NOW)).contains(Duration.ofSeconds(30));
        assertThat(policy.asked(Optional.of("soon"), NOW)).isEmpty();
        assertThat(policy.asked(Optional.empty(), NOW)).isEmpty();
    }

    @Test
    void pausesDoubleToTheirLimitAndAreSpread() {
        Retries policy = new Retries(9, Duration.ofSeconds(1), Duration.ofSeconds(10));
        var random = RandomGeneratorFactory.getDefault().create(5);
        for (int tried = 1; tried < 9; tried++) {
            double whole = Math.min(1000 * Math.pow(2, tried - 1), 10_000);
            assertThat((double) policy.pause(tried, random).toMillis()).isBetween(whole / 2 - 1, whole + 1);
        }
    }

    @Test
    void proxiesAreTheEnvironments() {
        Map<String, String> environment =
                Map.of("https_proxy", "http://p:3128", "HTTP_PROXY", "q:80", "no_proxy", "example.com, .inner");
        assertThat(Proxies.of(URI.create("https://a.org"), environment)).contains(URI.create("http://p:3128"));
        assertThat(Proxies.of(URI.create("http://a.org"), environment)).contains(URI.create("http://q:80"));
        assertThat(Proxies.of(URI.create("https://api.example.com"), environment))
                .isEmpty();
        assertThat(Proxies.of(URI.create("https://notexample.com"), environment))
                .isPresent();
        assertThat(Proxies.of(URI.create("https://x.inner"), environment)).isEmpty();
        assertThat(Proxies.of(URI.create("http://127.0.0.1:8080"), environment)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"ftp://a", "localhost:8080", "http:///x", "a"})
    void refusesAnAddressThatIsNone(String address) {
        assertThatThrownBy(() ->
                        new ModelServer(URI.create(address), Optional.empty(), Optional.empty(), Duration.ofSeconds(1)))
                .isInstanceOf(FailureException.class)
                .hasMessageContaining("--base-url")
                .hasMessageContaining(address);
    }
}
