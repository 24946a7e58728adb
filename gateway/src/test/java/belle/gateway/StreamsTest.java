package belle.gateway;

import static belle.gateway.Fixture.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Server-sent events: their ids, their ends, and what becomes of readers that go away, come back or stand still. */
class StreamsTest {
    private static final String CHAT = "/v1/chat/completions";
    private static Fixture gateway;

    record Event(String id, String name, String data) {
        long index() {
            return Long.parseLong(id.substring(id.lastIndexOf('.') + 1));
        }

        String stream() {
            return id.substring(0, id.lastIndexOf('.'));
        }

        String content() {
            return data.equals("[DONE]")
                    ? ""
                    : json(data).at("/choices/0/delta/content").asText();
        }
    }

    @BeforeAll
    static void start() {
        gateway = Fixture.with("""
                belle.gateway.http.keep-alive = 100ms
                belle.gateway.streams { probe-interval = 50ms, accept-timeout = 3s }
                """);
    }

    @AfterAll
    static void stop() {
        gateway.close();
    }

    private static String chat(String content, String more) {
        return "{\"model\":\"fake\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"" + content + "\"}]"
                + more + "}";
    }

    private static List<Event> events(String body) {
        List<Event> events = new ArrayList<>();
        for (String block : body.split("\n\n", -1)) {
            String id = "";
            String name = "message";
            String data = "";
            for (String line : block.split("\n", -1)) {
                id = line.startsWith("id: ") ? line.substring(4) : id;
                name = line.startsWith("event: ") ? line.substring(7) : name;
                data = line.startsWith("data: ") ? line.substring(6) : data;
            }
            if (!data.isEmpty()) {
                events.add(new Event(id, name, data));
            }
        }
        return events;
    }

    private static String text(List<Event> events) {
        return events.stream().map(Event::content).collect(Collectors.joining());
    }

    private static HttpResponse<String> resume(String stream, String lastEventId) {
        var request = gateway.request("/v1/streams/" + stream);
        return gateway.send(
                lastEventId.isEmpty()
                        ? request.build()
                        : request.header("Last-Event-ID", lastEventId).build());
    }

    @Test
    void everyEventHasAnIdThatRisesAndTheLastIsDone() {
        HttpResponse<String> answer = gateway.post(CHAT, chat("hi", ""));
        assertThat(answer.headers().firstValue("Content-Type").orElseThrow()).startsWith("text/event-stream");
        List<Event> events = events(answer.body());
        assertThat(events.stream().map(Event::index)).containsExactly(0L, 1L, 2L, 3L, 4L);
        assertThat(events.stream().map(Event::stream).distinct()).hasSize(1);
        assertThat(events.getLast().data()).isEqualTo("[DONE]");
        assertThat(text(events)).isEqualTo("You said: hi");
        assertThat(json(events.getFirst().data()).at("/choices/0/delta/role").asText())
                .isEqualTo("assistant");
        assertThat(json(events.get(3).data()).at("/choices/0/finish_reason").asText())
                .isEqualTo("stop");
        assertThat(events.stream().filter(e -> e.data().contains("usage"))).isEmpty();
    }

    @Test
    void usageComesBeforeTheEndWhenAskedFor() {
        List<Event> events =
                events(gateway.post(CHAT, chat("hi", ",\"stream_options\":{\"include_usage\":true},\"n\":2"))
                        .body());
        JsonNode usage = json(events.get(events.size() - 2).data());
        assertThat(usage.get("choices")).isEmpty();
        assertThat(usage.at("/usage/completion_tokens").asInt()).isEqualTo(6);
        assertThat(events.getLast().data()).isEqualTo("[DONE]");
    }

    @Test
    void promptListsShareOneStreamWithOneEndAndTheirUsageAddedUp() {
        var answer = gateway.post(
                "/v1/completions",
                "{\"model\":\"fake\",\"stream\":true,\"prompt\":[\"a\",\"b\"],\"echo\":true,\"stream_options\":{\"include_usage\":true}}");
        List<Event> events = events(answer.body());
        assertThat(events.stream().filter(e -> e.data().equals("[DONE]"))).hasSize(1);
        assertThat(json(events.get(events.size() - 2).data())
                        .at("/usage/prompt_tokens")
                        .asInt())
                .isEqualTo(2);
        for (int choice = 0; choice < 2; choice++) {
            int wanted = choice;
            String text = events.stream()
                    .filter(e -> !e.data().equals("[DONE]"))
                    .map(e -> json(e.data()).at("/choices/0"))
                    .filter(c -> c.path("index").asInt(-1) == wanted)
                    .map(c -> c.get("text").asText())
                    .collect(Collectors.joining());
            assertThat(text).isEqualTo(choice == 0 ? "aYou said: a" : "bYou said: b");
        }
    }

    @Test
    void aStreamThatFailsEndsWithOneErrorEvent() {
        List<Event> events = events(gateway.post(CHAT, chat("please break", "")).body());
        assertThat(events.getLast().name()).isEqualTo("error");
        assertThat(json(events.getLast().data()).at("/error/message").asText()).isEqualTo("the device fell over");
        assertThat(events.stream().filter(e -> e.name().equals("error"))).hasSize(1);
        assertThat(events).hasSize(4);
    }

    @Test
    void aReaderGoesOnBehindTheLastEventThatItHas() {
        List<Event> all = events(gateway.post(CHAT, chat("count to 100", "")).body());
        for (int seen : new int[] {0, 50, all.size() - 2}) {
            List<Event> rest =
                    events(resume(all.get(seen).stream(), all.get(seen).id()).body());
            assertThat(rest.stream().map(Event::index))
                    .isEqualTo(all.subList(seen + 1, all.size()).stream()
                            .map(Event::index)
                            .toList());
            assertThat(text(rest)).isEqualTo(text(all.subList(seen + 1, all.size())));
        }
        List<Event> whole = events(resume(all.getFirst().stream(), "").body());
        assertThat(whole).isEqualTo(all);
    }

    @Test
    void aReaderThatHasSeenTheEndIsToldSoAgain() {
        List<Event> all = events(gateway.post(CHAT, chat("hi", "")).body());
        List<Event> rest =
                events(resume(all.getLast().stream(), all.getLast().id()).body());
        assertThat(rest).containsExactly(all.getLast());
    }

    @Test
    void resumingNeedsAKnownStreamAndItsOwnEventId() {
        Event last = events(gateway.post(CHAT, chat("hi", "")).body()).getLast();
        assertThat(resume(last.stream(), "other.3").statusCode()).isEqualTo(400);
        assertThat(resume(last.stream(), last.stream() + ".x").statusCode()).isEqualTo(400);
        String unknown = last.stream().substring(0, last.stream().length() - 32) + "0".repeat(32);
        assertThat(resume(unknown, "").statusCode()).isEqualTo(404);
    }

    @Test
    void aClientThatHangsUpCancelsItsStream() throws Exception {
        InputStream body = gateway.open(
                        gateway.posting(CHAT, chat("count to 100000", "")).build())
                .body();
        Event first = firstEvent(body);
        body.close();
        assertThat(gateway.witness.cancelled(first.stream())).succeedsWithin(Fixture.PATIENCE);
    }

    @Test
    void aClientThatHangsUpOnAnIdleStreamCancelsItToo() throws Exception {
        InputStream body =
                gateway.open(gateway.posting(CHAT, chat("hold on", "")).build()).body();
        Event first = firstEvent(body);
        body.close();
        assertThat(gateway.witness.cancelled(first.stream())).succeedsWithin(Fixture.PATIENCE);
    }

    @Test
    void aClientThatHangsUpBeforeTheWholeAnswerCancelsIt() throws Exception {
        String body = "{\"model\":\"fake\",\"messages\":[{\"role\":\"user\",\"content\":\"hold whole\"}]}";
        var socket = gateway.raw("POST " + CHAT + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                + "Content-Length: " + body.length() + "\r\n\r\n" + body);
        String stream = generated("hold whole");
        socket.close();
        assertThat(gateway.witness.cancelled(stream)).succeedsWithin(Fixture.PATIENCE);
    }

    /** Waits until the session has the request, and returns its stream. */
    private static String generated(String content) {
        return TestProbe.create(gateway.system())
                .awaitAssert(
                        Fixture.PATIENCE,
                        () -> gateway.witness.generates().stream()
                                .filter(g -> g.prompt().toString().contains(content))
                                .findFirst()
                                .orElseThrow(() -> new AssertionError("not generated"))
                                .stream());
    }

    @Test
    void aReaderThatStandsStillStopsItsOwnStreamAndNoOther() throws Exception {
        try (InputStream still = gateway.open(
                        gateway.posting(CHAT, chat("count to 100000", "")).build())
                .body()) {
            Event first = firstEvent(still);
            List<Event> other =
                    events(gateway.post(CHAT, chat("count to 2000", "")).body());
            assertThat(other.getLast().data()).isEqualTo("[DONE]");
            var probe = TestProbe.create(gateway.system());
            long[] last = {-1};
            probe.awaitAssert(Fixture.PATIENCE, () -> {
                long now = gateway.witness.lastSent(first.stream());
                boolean moved = now != last[0];
                last[0] = now;
                if (moved) {
                    throw new AssertionError("still sending at " + now);
                }
                return now;
            });
            // What the session has sent is what sockets and buffers hold, far from all.
            assertThat(last[0]).isLessThan(60_000);
        }
    }

    @Test
    void aCommentComesWhileNothingIsDue() throws Exception {
        try (InputStream body = gateway.open(
                        gateway.posting(CHAT, chat("hold for long", "")).build())
                .body()) {
            var lines = new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8));
            assertThat(lines.lines().filter(line -> line.startsWith(":")).limit(2))
                    .hasSize(2);
        }
    }

    @Test
    void aSessionThatNeverAnswersGivesA503() {
        var answer = gateway.post(CHAT, chat("silent", ""));
        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(answer.headers().firstValue("Retry-After")).isPresent();
    }

    @Test
    void aSecondReaderTakesTheStreamOverFromADeadConnection() throws Exception {
        try (InputStream old = gateway.open(
                        gateway.posting(CHAT, chat("count to 20000", "")).build())
                .body()) {
            Event first = firstEvent(old);
            List<Event> rest = events(resume(first.stream(), first.id()).body());
            assertThat(rest.getFirst().index()).isEqualTo(1);
            assertThat(rest.getLast().data()).isEqualTo("[DONE]");
            assertThat(gateway.witness.cancelled(first.stream())).isNotDone();
        }
    }

    private static Event firstEvent(InputStream body) throws IOException {
        var block = new StringBuilder();
        while (!block.toString().endsWith("\n\n")) {
            int next = body.read();
            assertThat(next).as("the stream ended: %s", block).isNotNegative();
            block.append((char) next);
        }
        return events(block.toString()).getFirst();
    }
}
