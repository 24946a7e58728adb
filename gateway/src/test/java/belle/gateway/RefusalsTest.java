package belle.gateway;

import static belle.gateway.Fixture.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every way to be refused, each in the same shape and before any 200. */
class RefusalsTest {
    private static final String CHAT = "/v1/chat/completions";
    private static Fixture gateway;

    @BeforeAll
    static void start() {
        gateway = Fixture.with("belle.gateway.http.max-request-bytes = 20000");
    }

    @AfterAll
    static void stop() {
        gateway.close();
    }

    private static JsonNode refused(HttpResponse<String> answer, int status) {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        assertThat(answer.headers().firstValue("Content-Type")).contains("application/json");
        JsonNode error = json(answer).get("error");
        assertThat(error.get("message").asText()).isNotBlank();
        assertThat(error.get("type").asText()).isNotBlank();
        assertThat(error.has("param") && error.has("code")).isTrue();
        return error;
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    temperature: 9            | temperature           | temperature must be a number between 0 and 2, but is 9
                    temperature: "hot"        | temperature           | temperature must be a number between 0 and 2, but is 'hot'
                    temperature: 1e999        | temperature           | temperature must be a number between 0 and 2
                    top_p: -0.1               | top_p                 | top_p must be a number between 0 and 1, but is -0.1
                    n: 17                     | n                     | n must be a whole number between 1 and 16, but is 17
                    n: 1.5                    | n                     | n must be a whole number between 1 and 16, but is 1.5
                    n: true                   | n                     | n must be a whole number between 1 and 16, but is true
                    max_tokens: -1            | max_tokens            | max_tokens must be a whole number between 0 and 2147483647, but is -1
                    max_tokens: 99999999999   | max_tokens            | but is 99999999999
                    seed: 99999999999999999999| seed                  | seed must be a whole number
                    stream: "yes"             | stream                | stream must be true or false, but is 'yes'
                    stop: 5                   | stop                  | stop must be a text of 1 to 256 characters or a list of 0 to 16 items
                    stop: ["a",5]             | stop[1]               | stop[1] must be a text of 1 to 256 characters, but is 5
                    stop: [""]                | stop[0]               | stop[0] must be a text of 1 to 256 characters
                    logit_bias: {"x":1}       | logit_bias            | logit_bias must have keys that are token ids, but has 'x'
                    logit_bias: {"1":101}     | logit_bias.1          | logit_bias.1 must be a number between -100 and 100, but is 101
                    logit_bias: {"9999999":1} | logit_bias            | ids of fake are below 1114112
                    top_logprobs: 3           | top_logprobs          | logprobs is not true
                    stream_options: 1         | stream_options        | stream_options must be an object, but is 1
                    session_id: "a b"         | session_id            | session_id must be a session id
                    """)
    void aFieldOutOfRangeIsNamedWithItsLimitAndValue(String field, String param, String message) {
        String[] parts = field.split(": ", 2);
        String body = "{\"model\":\"fake\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"" + parts[0].strip()
                + "\":" + parts[1] + "}";
        JsonNode error = refused(gateway.post(CHAT, body), 400);
        assertThat(error.get("param").asText()).isEqualTo(param);
        assertThat(error.get("message").asText()).contains(message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    {}                                                                 | model               | model is required
                    {"model":null}                                                     | model               | model must be a text of 1 to 256 characters, but is null
                    {"model":5,"messages":[]}                                          | model               | model must be a text
                    {"model":"fake"}                                                   | messages            | messages is required
                    {"model":"fake","messages":[]}                                     | messages            | messages must be a list of 1 to 4096 items, but is a list of 0 items
                    {"model":"fake","messages":[{"role":"tool"}]}                      | messages[0].role    | one of system, developer, user, assistant, but is 'tool'
                    {"model":"fake","messages":[{"role":"user","content":7}]}          | messages[0].content | messages[0].content must be a text or a list
                    {"model":"fake","messages":[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]} | messages[0].content[0].type | one of text
                    [1]                                                                |                     | the request body must be an object, but is a list of 1 items
                    """)
    void aWrongBodyIsNamedByItsPath(String body, String param, String message) {
        JsonNode error = refused(gateway.post(CHAT, body), 400);
        assertThat(error.get("param").asText()).isEqualTo(param == null ? "null" : param);
        assertThat(error.get("message").asText()).contains(message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    ''                          | empty
                    {                           | not valid JSON
                    {"model":NaN}               | not valid JSON
                    {"model":"a","model":"b"}   | Duplicate field 'model'
                    {"model":"a"} {}            | not valid JSON
                    {"model":"\\ud800"}         | half a surrogate pair
                    {'model':'a'}               | not valid JSON
                    {"model":01}                | not valid JSON
                    nul                         | not valid JSON
                    """)
    void whatIsNotStrictJsonIsRefused(String body, String message) {
        assertThat(refused(gateway.post(CHAT, body), 400).get("message").asText())
                .contains(message);
    }

    @Test
    void deepNestingLongNumbersAndBrokenUtf8AreRefused() {
        refused(gateway.post(CHAT, "[".repeat(5000) + "]".repeat(5000)), 400);
        refused(gateway.post(CHAT, "{\"n\":" + "9".repeat(5000) + "}"), 400);
        byte[] broken = "{\"model\":\"\u00c3(\"}".getBytes(StandardCharsets.ISO_8859_1);
        HttpRequest request = gateway.request(CHAT)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(broken))
                .build();
        assertThat(refused(gateway.send(request), 400).get("message").asText()).contains("UTF-8");
    }

    @Test
    void promptsOfEveryWrongKindAreRefused() {
        for (String prompt :
                new String[] {"5", "{}", "[]", "[[]]", "[\"a\",1]", "[1,\"a\"]", "[-1]", "[1.5]", "[[1],2]"}) {
            refused(gateway.post("/v1/completions", "{\"model\":\"fake\",\"prompt\":" + prompt + "}"), 400);
        }
        JsonNode error = refused(gateway.post("/v1/completions", "{\"model\":\"fake\",\"prompt\":[1114112]}"), 400);
        assertThat(error.get("message").asText()).contains("1114112", "below");
    }

    @ParameterizedTest
    @CsvSource({
        "refuse invalid, 400, messages[0].role",
        "refuse too long, 400, context holds 1024 tokens",
        "refuse overloaded, 429, the queue holds 64",
        "refuse unavailable, 503, draining",
        "refuse internal, 500, a step failed",
    })
    void aSessionsRefusalDecidesTheStatus(String content, int status, String message) {
        for (String stream : new String[] {"true", "false"}) {
            var answer = gateway.post(
                    CHAT,
                    "{\"model\":\"fake\",\"stream\":" + stream + ",\"messages\":[{\"role\":\"user\",\"content\":\""
                            + content + "\"}]}");
            assertThat(refused(answer, status).get("message").asText()).contains(message);
            if (status == 429) {
                assertThat(answer.headers().firstValue("Retry-After")).contains("7");
            }
        }
    }

    @Test
    void aRefusedPromptOfAListCancelsTheOthers() {
        refused(
                gateway.post(
                        "/v1/completions", "{\"model\":\"fake\",\"prompt\":[\"hold this\",\"refuse overloaded\"]}"),
                429);
        var held = gateway.witness.generates().stream()
                .filter(g -> g.prompt().toString().contains("hold this"))
                .findFirst()
                .orElseThrow();
        assertThat(gateway.witness.cancelled(held.stream())).succeedsWithin(Fixture.PATIENCE);
    }

    @Test
    void aFailureBeforeTheWholeAnswerIsSentIsAnError() {
        var answer = gateway.post(
                CHAT, "{\"model\":\"fake\",\"messages\":[{\"role\":\"user\",\"content\":\"please break\"}]}");
        assertThat(refused(answer, 500).get("message").asText()).contains("the device fell over");
    }

    @Test
    void unknownModelsAndPathsAreNotFound() {
        var answer = gateway.post(CHAT, "{\"model\":\"nope\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}");
        assertThat(refused(answer, 404).get("message").asText()).contains("nope", "known models: fake");
        refused(gateway.get("/v1/models/no%2Fsuch"), 404);
        refused(gateway.get("/v2"), 404);
        refused(gateway.get("/v1/streams/whatever"), 404);
    }

    @Test
    void aWrongMethodNamesTheRightOnes() {
        HttpResponse<String> answer = gateway.get(CHAT);
        refused(answer, 405);
        assertThat(answer.headers().firstValue("Allow")).contains("POST, OPTIONS");
        var delete = gateway.send(gateway.request("/v1/models").DELETE().build());
        refused(delete, 405);
        assertThat(delete.headers().firstValue("Allow")).contains("GET, HEAD, OPTIONS");
        var options = gateway.send(gateway.request("/v1/models")
                .method("OPTIONS", HttpRequest.BodyPublishers.noBody())
                .build());
        assertThat(options.statusCode()).isEqualTo(204);
        var head = gateway.send(gateway.request("/v1/models")
                .method("HEAD", HttpRequest.BodyPublishers.noBody())
                .build());
        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.body()).isEmpty();
    }

    @Test
    void otherMediaTypesAndEncodingsAreRefused() {
        HttpRequest.Builder text = gateway.request(CHAT).POST(HttpRequest.BodyPublishers.ofString("{}"));
        refused(gateway.send(text.build()), 415);
        refused(gateway.send(text.header("Content-Type", "text/plain").build()), 415);
        refused(
                gateway.send(gateway.posting(CHAT, "{}")
                        .header("Content-Encoding", "gzip")
                        .build()),
                415);
    }

    @Test
    void aBodyOverTheLimitIsRefusedWhetherItsLengthIsAnnouncedOrNot() {
        String large = "{\"model\":\"" + "x".repeat(30_000) + "\"}";
        assertThat(refused(gateway.post(CHAT, large), 413).get("message").asText())
                .contains("20000");
        HttpRequest chunked = gateway.request(CHAT)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofInputStream(
                        () -> new ByteArrayInputStream(large.getBytes(StandardCharsets.UTF_8))))
                .build();
        refused(gateway.send(chunked), 413);
    }

    /** Nor does its client lose the answer, as it would if the connection were closed with bytes unread. */
    @Test
    void aBodyOverTheLimitMayComeSlowly() throws Exception {
        int parts = 10;
        byte[] part = "x".repeat(20_000).getBytes(StandardCharsets.UTF_8);
        try (var socket = gateway.raw("POST " + CHAT + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                + "Content-Length: " + parts * part.length + "\r\nConnection: close\r\n\r\n")) {
            for (int i = 0; i < parts; i++) {
                Thread.sleep(20);
                socket.getOutputStream().write(part);
            }
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .startsWith("HTTP/1.1 413");
        }
    }

    @Test
    void aClientThatAsksFirstNeedNotSendWhatIsTooLarge() throws Exception {
        try (var socket = gateway.raw("POST " + CHAT + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                + "Content-Length: 30000\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n")) {
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .startsWith("HTTP/1.1 413");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n', 400",
        "'BREW / HTTP/1.1\r\nHost: x\r\n\r\n', 405",
        "'GET / HTTP/1.1\r\n\r\n', 400",
        "'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n', 400",
        "'GET / HTTP/9.9\r\nHost: x\r\n\r\n', 505",
    })
    void whatIsNotEvenHttpGetsAJsonErrorToo(String bytes, int status) throws IOException {
        try (var socket = gateway.raw(bytes)) {
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(answer).startsWith("HTTP/1.1 " + status);
            assertThat(json(answer.substring(answer.indexOf("\r\n\r\n")).strip())
                            .at("/error/message")
                            .asText())
                    .isNotBlank();
        }
    }
}
