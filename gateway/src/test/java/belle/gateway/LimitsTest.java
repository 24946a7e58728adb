package belle.gateway;

import static belle.gateway.Fixture.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.api.Test;

/** Keys, quotas, other origins, readiness and the end. */
class LimitsTest {
    private static final String CHAT = "/v1/chat/completions";

    private static String chat(String content) {
        return "{\"model\":\"fake\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"" + content
                + "\"}]}";
    }

    @Test
    void withKeysSetACallNeedsOneAndIsCountedForItsTenant() {
        try (Fixture gateway = Fixture.with("""
                belle.gateway.tenants.keys = [
                  { tenant = "ann", key = "k-ann", requests-per-minute = 2 }
                  { tenant = "bob", key = "k-bob" }
                ]""")) {
            HttpResponse<String> none = gateway.post(CHAT, chat("hi"));
            assertThat(none.statusCode()).isEqualTo(401);
            assertThat(none.headers().firstValue("WWW-Authenticate").orElseThrow())
                    .startsWith("Bearer");
            assertThat(with(gateway, "wrong").statusCode()).isEqualTo(401);
            assertThat(gateway.get("/v1/models").statusCode()).isEqualTo(401);
            assertThat(gateway.get("/").statusCode()).isEqualTo(200);
            assertThat(with(gateway, "k-ann").statusCode()).isEqualTo(200);
            assertThat(with(gateway, "k-ann").statusCode()).isEqualTo(200);
            HttpResponse<String> third = with(gateway, "k-ann");
            assertThat(third.statusCode()).isEqualTo(429);
            assertThat(Integer.parseInt(
                            third.headers().firstValue("Retry-After").orElseThrow()))
                    .isBetween(1, 30);
            assertThat(json(third).at("/error/message").asText()).contains("2 requests of 'ann'");
            assertThat(with(gateway, "k-bob").statusCode()).isEqualTo(200);
            assertThat(gateway.witness.generates().getLast().tenant()).isEqualTo("bob");
        }
    }

    private static HttpResponse<String> with(Fixture gateway, String key) {
        return gateway.send(gateway.posting(CHAT, chat("hi"))
                .header("Authorization", "Bearer " + key)
                .build());
    }

    @Test
    void aQuotaOfRequestsAtOnceIsGivenBackWhenAStreamEnds() throws Exception {
        try (Fixture gateway = Fixture.with("belle.gateway.tenants.anonymous.max-concurrent = 1")) {
            var held = gateway.open(gateway.posting(CHAT, chat("hold")).build());
            assertThat(gateway.post(CHAT, chat("hi")).statusCode()).isEqualTo(429);
            held.body().close();
            TestProbe.create(gateway.system()).awaitAssert(Fixture.PATIENCE, () -> {
                if (gateway.post(CHAT, chat("hi")).statusCode() != 200) {
                    throw new AssertionError("not given back");
                }
                return true;
            });
        }
    }

    @Test
    void moreStreamsThanAllowedAreRefusedAndNoneHangs() {
        try (Fixture gateway = Fixture.with("belle.gateway.streams.max-streams = 20")) {
            var held = IntStream.range(0, 20)
                    .mapToObj(_ -> {
                        try {
                            return gateway.open(
                                    gateway.posting(CHAT, chat("hold")).build());
                        } catch (Exception e) {
                            throw new IllegalStateException(e);
                        }
                    })
                    .toList();
            var client = HttpClient.newHttpClient();
            var all = IntStream.range(0, 300)
                    .mapToObj(_ -> client.sendAsync(
                            gateway.posting(CHAT, chat("hi")).build(), HttpResponse.BodyHandlers.ofString()))
                    .toList();
            for (CompletableFuture<HttpResponse<String>> one : all) {
                HttpResponse<String> answer =
                        one.orTimeout(30, TimeUnit.SECONDS).join();
                assertThat(answer.statusCode()).isEqualTo(429);
                assertThat(answer.headers().firstValue("Retry-After")).isPresent();
            }
            client.close();
            assertThat(held).allMatch(answer -> answer.statusCode() == 200);
        }
    }

    @Test
    void onlyConfiguredOriginsMayCallFromOtherPages() {
        try (Fixture gateway = Fixture.with("belle.gateway.http.cors-origins = [\"https://good.example\"]")) {
            HttpRequest.Builder preflight = gateway.request(CHAT)
                    .method("OPTIONS", HttpRequest.BodyPublishers.noBody())
                    .header("Access-Control-Request-Method", "POST");
            var good = gateway.send(
                    preflight.copy().header("Origin", "https://good.example").build());
            assertThat(good.statusCode()).isEqualTo(204);
            assertThat(good.headers().firstValue("Access-Control-Allow-Origin")).contains("https://good.example");
            assertThat(good.headers().firstValue("Access-Control-Allow-Methods").orElseThrow())
                    .contains("POST");
            var bad = gateway.send(
                    preflight.copy().header("Origin", "https://bad.example").build());
            assertThat(bad.headers().firstValue("Access-Control-Allow-Origin")).isEmpty();
        }
    }

    @Test
    void withoutANodeItLivesButIsNotReady() {
        try (Fixture gateway = Fixture.withoutNode()) {
            assertThat(gateway.get("/health/live").statusCode()).isEqualTo(200);
            assertThat(gateway.get("/health/ready").statusCode()).isEqualTo(503);
            assertThat(gateway.post(CHAT, chat("hi")).statusCode()).isEqualTo(503);
        }
    }

    @Test
    void whenItsClusterHasPutItOutConnectionsBreakOffSoThatClientsGoOnElsewhere() throws Exception {
        try (Fixture gateway = Fixture.with("belle.gateway.drain-deadline = 30s")) {
            var held = gateway.open(gateway.posting(CHAT, chat("hold")).build());
            var ended = CoordinatedShutdown.get(gateway.system())
                    .runAll(CoordinatedShutdown.clusterDowningReason())
                    .toCompletableFuture();
            assertThat(ended).succeedsWithin(Fixture.PATIENCE);
            assertThatThrownBy(() -> held.body().readAllBytes()).isInstanceOf(IOException.class);
        }
    }

    @Test
    void atTheEndNewWorkIsRefusedAndARunningStreamGetsOneErrorEvent() throws Exception {
        try (Fixture gateway = Fixture.with("belle.gateway.drain-deadline = 1s")) {
            var held = gateway.open(gateway.posting(CHAT, chat("hold")).build());
            var ended = CoordinatedShutdown.get(gateway.system())
                    .runAll(CoordinatedShutdown.unknownReason())
                    .toCompletableFuture();
            TestProbe.create(gateway.system()).awaitAssert(Fixture.PATIENCE, () -> {
                if (gateway.get("/health/ready").statusCode() != 503) {
                    throw new AssertionError("still ready");
                }
                return true;
            });
            HttpResponse<String> refused = gateway.post(CHAT, chat("hi"));
            assertThat(refused.statusCode()).isEqualTo(503);
            assertThat(json(refused).at("/error/message").asText()).contains("draining");
            String body = new String(held.body().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(body)
                    .contains("event: error", "go_on_elsewhere", "/v1/streams/", "Last-Event-ID")
                    .endsWith("\n\n");
            assertThat(body.split("event: error", -1)).hasSize(2);
            assertThat(ended).succeedsWithin(Fixture.PATIENCE);
        }
    }

    /** The whole answer is on its way, most of it in buffers, when the last stream has ended for the gateway. */
    @Test
    void atTheEndASlowClientGetsTheRestOfItsAnswer() throws Exception {
        try (Fixture gateway = Fixture.with("belle.gateway.http.send-buffer-bytes = 4 KiB");
                var slow = new Socket()) {
            slow.setReceiveBufferSize(2048);
            slow.setSoTimeout((int) Fixture.PATIENCE.toMillis());
            slow.connect(gateway.address());
            String body =
                    "{\"model\":\"fake\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"count to 60\"}]}";
            slow.getOutputStream().write(posted(body));
            byte[] begun = slow.getInputStream().readNBytes(100);
            var ended = CoordinatedShutdown.get(gateway.system())
                    .runAll(CoordinatedShutdown.unknownReason())
                    .toCompletableFuture();
            Thread.sleep(2_000); // Past the drain deadline and the last words, within the time to flush.
            String rest = new String(slow.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(new String(begun, StandardCharsets.UTF_8)).startsWith("HTTP/1.1 200");
            assertThat(rest).contains("60 ").endsWith("0\r\n\r\n").containsOnlyOnce("[DONE]");
            assertThat(ended).succeedsWithin(Fixture.PATIENCE);
        }
    }

    /** As browsers do, which connect before there is anything to ask. */
    @Test
    void whoAsksLongAfterConnectingIsAnswered() throws Exception {
        try (Fixture gateway = Fixture.with("pekko.stream.materializer.subscription-timeout.timeout = 100 ms");
                var early = new Socket()) {
            early.setSoTimeout((int) Fixture.PATIENCE.toMillis());
            early.connect(gateway.address());
            Thread.sleep(1_000); // What waits to be run has timed out.
            early.getOutputStream().write(posted(chat("hi")));
            assertThat(new String(early.getInputStream().readNBytes(12), StandardCharsets.US_ASCII))
                    .isEqualTo("HTTP/1.1 200");
        }
    }

    private static byte[] posted(String body) {
        return ("POST " + CHAT + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
                        + body.length() + "\r\n\r\n" + body)
                .getBytes(StandardCharsets.US_ASCII);
    }
}
