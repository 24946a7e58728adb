package belle.gateway;

import static belle.gateway.Fixture.json;
import static org.assertj.core.api.Assertions.assertThat;

import belle.gateway.fake.FakeSession;
import belle.proto.Prompt;
import belle.proto.session.SessionCommand.Generate;
import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Whole answers, over a real socket. */
class AnswersTest {
    private static final String CHAT = "/v1/chat/completions";
    private static final String COMPLETION = "/v1/completions";
    private static Fixture gateway;

    @BeforeAll
    static void start() {
        gateway = Fixture.with("");
    }

    @AfterAll
    static void stop() {
        gateway.close();
    }

    private static String chat(String content, String more) {
        return "{\"model\":\"fake\",\"messages\":[{\"role\":\"user\",\"content\":\"" + content + "\"}]" + more + "}";
    }

    @Test
    void aChatIsAnsweredInOpenAisShape() {
        JsonNode body = json(gateway.post(CHAT, chat("hi", "")));
        assertThat(body.get("object").asText()).isEqualTo("chat.completion");
        assertThat(body.at("/choices/0/message/content").asText()).isEqualTo("You said: hi");
        assertThat(body.at("/choices/0/message/role").asText()).isEqualTo("assistant");
        assertThat(body.at("/choices/0/finish_reason").asText()).isEqualTo("stop");
        assertThat(body.at("/usage/total_tokens").asInt())
                .isEqualTo(body.at("/usage/prompt_tokens").asInt()
                        + body.at("/usage/completion_tokens").asInt());
    }

    @Test
    void aRequestThatIsSentAgainUnderItsKeyIsNotComputedTwice() {
        var request = gateway.posting(CHAT, chat("once", "")).header("Idempotency-Key", "key-1");
        JsonNode first = json(gateway.send(request.build()));
        assertThat(first.at("/choices/0/message/content").asText()).isEqualTo("You said: once");
        assertThat(json(gateway.send(request.build()))).isEqualTo(first);
        // Nothing in the stream's name tells when it was asked for: it is found in another hour, too.
        assertThat(first.get("created").asLong()).isEqualTo(FakeSession.BEGUN_MILLIS / 1000);
        assertThat(gateway.witness.generates())
                .filteredOn(generate -> generate.prompt().toString().contains("once"))
                .hasSize(1);
        var wrong = gateway.posting(CHAT, chat("once", "")).header("Idempotency-Key", "a b");
        assertThat(gateway.send(wrong.build()).statusCode()).isEqualTo(400);
    }

    @Test
    void severalChoicesComeInOrder() {
        JsonNode body = json(gateway.post(CHAT, chat("hi", ",\"n\":3,\"max_tokens\":1")));
        assertThat(body.get("choices").findValuesAsText("index")).containsExactly("0", "1", "2");
        assertThat(body.at("/choices/2/finish_reason").asText()).isEqualTo("length");
        assertThat(body.at("/usage/completion_tokens").asInt()).isEqualTo(3);
    }

    @Test
    void chatLogprobsHaveTokenBytesAndAlternatives() {
        JsonNode body = json(gateway.post(CHAT, chat("你", ",\"logprobs\":true,\"top_logprobs\":2")));
        JsonNode last = body.at("/choices/0/logprobs/content/2");
        assertThat(last.get("token").asText()).isEqualTo(" 你");
        assertThat(last.get("bytes").size()).isEqualTo(4);
        assertThat(last.get("top_logprobs").size()).isEqualTo(2);
    }

    @Test
    void aListOfPromptsGivesNChoicesForEach() {
        JsonNode body =
                json(gateway.post(COMPLETION, "{\"model\":\"fake\",\"prompt\":[\"a\",\"b\"],\"n\":2,\"echo\":true}"));
        assertThat(body.get("choices").findValuesAsText("text"))
                .containsExactly("aYou said: a", "aYou said: a", "bYou said: b", "bYou said: b");
        assertThat(body.get("choices").findValuesAsText("index")).containsExactly("0", "1", "2", "3");
    }

    @Test
    void promptsMayBeTokenIds() {
        JsonNode one = json(gateway.post(COMPLETION, "{\"model\":\"fake\",\"prompt\":[104,105.0]}"));
        assertThat(one.at("/choices/0/text").asText()).isEqualTo("You said: hi");
        JsonNode two = json(gateway.post(COMPLETION, "{\"model\":\"fake\",\"prompt\":[[104],[105]],\"echo\":true}"));
        assertThat(two.get("choices").findValuesAsText("text")).containsExactly("hYou said: h", "iYou said: i");
    }

    @Test
    void echoedLogprobsBeginWithThePromptWhoseFirstTokenHasNone() {
        JsonNode body =
                json(gateway.post(COMPLETION, "{\"model\":\"fake\",\"prompt\":\"PQ\",\"echo\":true,\"logprobs\":1}"));
        JsonNode logprobs = body.at("/choices/0/logprobs");
        assertThat(logprobs.at("/tokens/0").asText()).isEqualTo("P");
        assertThat(logprobs.at("/token_logprobs/0").isNull()).isTrue();
        assertThat(logprobs.at("/token_logprobs/1").asDouble()).isEqualTo(-0.5);
        assertThat(logprobs.at("/text_offset/2").asInt()).isEqualTo(2);
        assertThat(logprobs.get("tokens").size())
                .isEqualTo(logprobs.get("top_logprobs").size());
    }

    @Test
    void aCompletionThatNamesNoLimitGetsSixteenTokensAndAChatTheModelsDefault() {
        JsonNode body = json(gateway.post(COMPLETION, "{\"model\":\"fake\",\"prompt\":\"count to 40\"}"));
        assertThat(body.at("/usage/completion_tokens").asInt()).isEqualTo(16);
        JsonNode chat = json(gateway.post(CHAT, chat("count to 40", "")));
        assertThat(chat.at("/usage/completion_tokens").asInt()).isEqualTo(40);
    }

    @Test
    void fieldsOfTheRequestWinOverTheModelsDefaults() {
        gateway.post(CHAT, chat("defaults please", ""));
        gateway.post(
                CHAT,
                chat(
                        "my own",
                        ",\"temperature\":0,\"top_k\":5,\"seed\":-7,\"stop\":[\"x\"],\"max_tokens\":3,"
                                + "\"max_completion_tokens\":4,\"logit_bias\":{\"7\":-2.5},\"top_p\":null,\"unknown\":{\"a\":[1]}"));
        var defaults = said("defaults please").params();
        assertThat(defaults.temperature()).isEqualTo(0.35);
        assertThat(defaults.topK()).isEqualTo(30);
        assertThat(defaults.repetitionPenalty()).isEqualTo(1.2);
        var own = said("my own").params();
        assertThat(own.temperature()).isZero();
        assertThat(own.topK()).isEqualTo(5);
        assertThat(own.topP()).isEqualTo(0.85);
        assertThat(own.seed()).isEqualTo(-7);
        assertThat(own.maxTokens()).isEqualTo(4);
        assertThat(own.stop()).containsExactly("x");
        assertThat(own.logitBias()).containsEntry(7, -2.5);
    }

    private static Generate said(String content) {
        return gateway.witness.generates().stream()
                .filter(g -> g.prompt() instanceof Prompt.Chat(var messages)
                        && messages.getLast().content().equals(content))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void theNextTurnOfAConversationFindsTheSameSession() {
        String first = gateway.post(CHAT, chat("first words", ""))
                .headers()
                .firstValue("X-Session-Id")
                .orElseThrow();
        HttpResponse<String> second = gateway.post(CHAT, """
                {"model":"fake","messages":[{"role":"user","content":"first words"},
                 {"role":"assistant","content":"yes"},{"role":"user","content":"and more"}]}""");
        assertThat(second.headers().firstValue("X-Session-Id")).contains(first);
        String other = gateway.post(CHAT, chat("other words", ""))
                .headers()
                .firstValue("X-Session-Id")
                .orElseThrow();
        assertThat(other).isNotEqualTo(first);
    }

    @Test
    void aNamedSessionIsUsedAndAnsweredAlsoOnErrors() {
        var fine = gateway.send(gateway.posting(CHAT, chat("hi", ""))
                .header("X-Session-Id", "my-1")
                .build());
        assertThat(fine.headers().firstValue("X-Session-Id")).contains("my-1");
        var wrong = gateway.send(
                gateway.posting(CHAT, "{").header("X-Session-Id", "my-1").build());
        assertThat(wrong.headers().firstValue("X-Session-Id")).contains("my-1");
        var odd = gateway.send(gateway.posting(CHAT, chat("hi", ""))
                .header("X-Session-Id", "a/b")
                .build());
        assertThat(odd.statusCode()).isEqualTo(400);
        var field = gateway.post(CHAT, chat("hi", ",\"session_id\":\"from-body\""));
        assertThat(field.headers().firstValue("X-Session-Id")).contains("from-body");
    }

    @Test
    void contentPartsAreJoinedByLineBreaks() {
        JsonNode body = json(gateway.post(CHAT, """
                {"model":"fake","messages":[{"role":"developer","content":"be kind"},{"role":"user","content":
                 [{"type":"text","text":"a"},{"type":"text","text":"b"}]}]}"""));
        assertThat(body.at("/choices/0/message/content").asText()).isEqualTo("You said: a\nb");
    }

    @Test
    void modelsTokensAndTextAreTold() {
        assertThat(json(gateway.get("/v1/models")).at("/data/0/id").asText()).isEqualTo("fake");
        assertThat(json(gateway.get("/v1/models/fake")).get("embedded").asBoolean())
                .isTrue();
        JsonNode tokens = json(gateway.post("/tokenize", "{\"model\":\"fake\",\"prompt\":\"a你\"}"));
        assertThat(tokens.get("tokens")).hasToString("[97,20320]");
        assertThat(tokens.get("count").asInt()).isEqualTo(2);
        JsonNode text = json(gateway.post("/detokenize", "{\"model\":\"fake\",\"tokens\":[97,20320]}"));
        assertThat(text.get("text").asText()).isEqualTo("a你");
    }

    @Test
    void everyFileOfThePageIsServedUnderAStrictPolicy() {
        HttpResponse<String> page = gateway.get("/");
        assertThat(page.body()).contains("<title>BELLE</title>");
        assertThat(page.headers().firstValue("Content-Security-Policy").orElseThrow())
                .contains("default-src 'none'");
        for (String file : List.of("style.css", "app.js", "chat.js", "markdown.js", "words.js", "icon.svg")) {
            HttpResponse<String> answer = gateway.get("/page/" + file);
            assertThat(answer.statusCode()).as(file).isEqualTo(200);
            String tag = answer.headers().firstValue("ETag").orElseThrow();
            var again = gateway.send(gateway.request("/page/" + file)
                    .header("If-None-Match", tag)
                    .build());
            assertThat(again.statusCode()).as(file).isEqualTo(304);
        }
    }

    @Test
    void theModelsTextNeverReachesThePageAsMarkup() {
        for (String file : List.of("app.js", "markdown.js")) {
            assertThat(gateway.get("/page/" + file).body()).doesNotContain("innerHTML", "insertAdjacentHTML", "eval(");
        }
    }
}
