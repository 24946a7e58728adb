package belle.gateway;

import static belle.gateway.Fixture.json;
import static belle.gateway.GrpcClients.all;
import static belle.gateway.GrpcClients.chat;
import static belle.gateway.GrpcClients.generate;
import static belle.gateway.GrpcClients.now;
import static belle.gateway.GrpcClients.refusal;
import static belle.gateway.GrpcClients.text;
import static belle.gateway.GrpcClients.whole;
import static org.assertj.core.api.Assertions.assertThat;

import belle.v1.Answer;
import belle.v1.BelleClient;
import belle.v1.Call;
import belle.v1.DetokenizeRequest;
import belle.v1.Event;
import belle.v1.FinishReason;
import belle.v1.GetModelRequest;
import belle.v1.ListModelsRequest;
import belle.v1.ResumeRequest;
import belle.v1.Sampling;
import belle.v1.TokenIds;
import belle.v1.TokenLogprob;
import belle.v1.TokenizeRequest;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the gRPC service answers: the same as HTTP. */
class GrpcTest {
    private static Fixture gateway;
    private static BelleClient client;

    @BeforeAll
    static void start() {
        gateway = Fixture.with("");
        client = GrpcClients.client(gateway);
    }

    @AfterAll
    static void stop() {
        now(client.close());
        gateway.close();
    }

    @Test
    void aTextIsGoneOnWithAsOverHttp() {
        JsonNode http = json(gateway.post(
                "/v1/completions",
                "{\"model\":\"fake\",\"prompt\":\"hello\",\"max_tokens\":2,\"seed\":7,\"logprobs\":2,\"n\":2}"));
        List<Event> events = all(
                gateway,
                client.generate(generate("hello")
                        .setSampling(
                                Sampling.newBuilder().setMaxTokens(2).setSeed(7).setN(2))
                        .setLogprobs(2)
                        .build()));
        assertThat(events.stream().map(Event::getIndex))
                .isEqualTo(IntStream.range(-1, events.size() - 1)
                        .mapToObj(Long::valueOf)
                        .toList());
        assertThat(events.stream().map(Event::getStream).distinct()).hasSize(1);
        assertThat(events.getFirst().getStarted().getSeed()).isEqualTo(7);
        assertThat(events.getFirst().getStarted().getModel()).isEqualTo("fake");
        assertThat(events.getFirst().getStarted().getSessionId()).startsWith("h-");
        for (int choice = 0; choice < 2; choice++) {
            int wanted = choice;
            List<Event> own = events.stream()
                    .filter(event -> event.hasDelta() && event.getDelta().getChoice() == wanted)
                    .toList();
            JsonNode same = http.at("/choices/" + choice);
            assertThat(text(own)).isEqualTo(same.get("text").asText());
            assertThat(own.stream()
                            .flatMap(event -> event.getDelta().getLogprobsList().stream())
                            .map(TokenLogprob::getLogprob)
                            .toList())
                    .isEqualTo(doubles(same.at("/logprobs/token_logprobs")));
            assertThat(own.getFirst().getDelta().getLogprobs(0).getTopCount()).isEqualTo(2);
        }
        assertThat(events.stream()
                        .filter(Event::hasFinished)
                        .map(event -> event.getFinished().getReason()))
                .containsExactly(FinishReason.FINISH_REASON_LENGTH, FinishReason.FINISH_REASON_LENGTH);
        var usage = events.getLast().getDone().getUsage();
        assertThat(usage.getPromptTokens())
                .isEqualTo(http.at("/usage/prompt_tokens").asInt());
        assertThat(usage.getCompletionTokens())
                .isEqualTo(http.at("/usage/completion_tokens").asInt());
        assertThat(usage.getCachedTokens())
                .isEqualTo(http.at("/usage/prompt_tokens_details/cached_tokens").asInt());
    }

    private static List<Double> doubles(JsonNode list) {
        List<Double> doubles = new ArrayList<>();
        list.forEach(number -> doubles.add(number.asDouble()));
        return doubles;
    }

    @Test
    void aChatIsAnsweredWholeAsOverHttp() {
        JsonNode http = json(
                gateway.post(
                        "/v1/chat/completions",
                        "{\"model\":\"fake\",\"messages\":[{\"role\":\"user\",\"content\":\"你好\"}],\"logprobs\":true,\"top_logprobs\":1}"));
        List<Event> events = all(
                gateway,
                client.chat(chat("你好")
                        .setLogprobs(true)
                        .setTopLogprobs(1)
                        .setCall(whole())
                        .build()));
        assertThat(events).hasSize(1);
        Answer answer = events.getFirst().getAnswer();
        assertThat(answer.getChoicesCount()).isEqualTo(1);
        assertThat(answer.getChoices(0).getText())
                .isEqualTo(http.at("/choices/0/message/content").asText());
        assertThat(answer.getChoices(0).getReason()).isEqualTo(FinishReason.FINISH_REASON_STOP);
        assertThat(answer.getChoices(0).getLogprobsList().stream().map(TokenLogprob::getText))
                .isEqualTo(http.at("/choices/0/logprobs/content").findValuesAsText("token").stream()
                        .distinct()
                        .toList());
        assertThat(answer.getUsage().getPromptTokens())
                .isEqualTo(http.at("/usage/prompt_tokens").asInt());
        assertThat(answer.getStarted().getPromptTokens())
                .isEqualTo(answer.getUsage().getPromptTokens());
        assertThat(gateway.witness.generates().getLast().params().temperature()).isEqualTo(0.35);
    }

    @Test
    void everyFieldReachesTheSessionAsOverHttp() {
        gateway.post("/v1/completions", """
                {"model":"fake","prompt":[104,105],"max_tokens":2,"temperature":1.5,"top_p":0.5,"top_k":3,"min_p":0.1,"n":2,
                 "seed":-9,"stop":["x","y"],"logit_bias":{"5":-1.5,"6":2},"presence_penalty":0.5,"frequency_penalty":-0.5,
                 "repetition_penalty":1.5,"ignore_eos":true,"user":"u","session_id":"s.1","logprobs":0,"echo":true}""");
        var http = gateway.witness.generates().getLast();
        all(
                gateway,
                client.generate(generate("")
                        .setPromptIds(TokenIds.newBuilder().addIds(104).addIds(105))
                        .setSampling(Sampling.newBuilder()
                                .setMaxTokens(2)
                                .setTemperature(1.5)
                                .setTopP(0.5)
                                .setTopK(3)
                                .setMinP(0.1)
                                .setN(2)
                                .setSeed(-9)
                                .addStop("x")
                                .addStop("y")
                                .putLogitBias(5, -1.5)
                                .putLogitBias(6, 2)
                                .setPresencePenalty(0.5)
                                .setFrequencyPenalty(-0.5)
                                .setRepetitionPenalty(1.5)
                                .setIgnoreEos(true))
                        .setCall(Call.newBuilder().setUser("u").setSessionId("s.1"))
                        .setLogprobs(0)
                        .setEcho(true)
                        .build()));
        var grpc = gateway.witness.generates().getLast();
        assertThat(grpc).isNotSameAs(http);
        assertThat(grpc.params()).isEqualTo(http.params());
        assertThat(grpc.prompt()).isEqualTo(http.prompt());
        assertThat(grpc.tenant()).isEqualTo(http.tenant());
        assertThat(grpc.echoPrompt()).isTrue();
        assertThat(grpc.stream()).startsWith("s.1~");
    }

    @Test
    void theEchoedPromptAndItsTokensComeFirst() {
        List<Event> events = all(
                gateway,
                client.generate(generate("hello").setEcho(true).setLogprobs(0).build()));
        assertThat(events.get(0).getStarted().getPrompt()).isEqualTo("hello");
        assertThat(events.get(1).getPrompt().getTokens(0).hasLogprob()).isFalse();
        assertThat(events.get(1).getPrompt().getTokens(1).getLogprob()).isEqualTo(-0.5);
        Answer whole = all(
                        gateway,
                        client.generate(generate("hello")
                                .setEcho(true)
                                .setLogprobs(0)
                                .setCall(whole())
                                .build()))
                .getFirst()
                .getAnswer();
        assertThat(whole.getStarted().getPrompt()).isEqualTo("hello");
        assertThat(whole.getPromptTokensCount()).isEqualTo(2);
        assertThat(whole.getChoices(0).getText()).isEqualTo(text(events));
    }

    @Test
    void aRequestWithAKeyIsComputedOnce() {
        var request = generate("once")
                .setCall(Call.newBuilder().setIdempotencyKey("order-1"))
                .build();
        List<Event> first = all(gateway, client.generate(request));
        assertThat(all(gateway, client.generate(request))).isEqualTo(first);
        var http = gateway.send(
                gateway.posting("/v1/completions", "{\"model\":\"fake\",\"prompt\":\"once\",\"stream\":true}")
                        .header("Idempotency-Key", "order-1")
                        .build());
        assertThat(http.body()).contains(first.getFirst().getStream() + ".0");
        assertThat(gateway.witness.generates().stream()
                        .filter(g -> g.prompt().toString().contains("once")))
                .hasSize(1);
    }

    @Test
    void aReaderGoesOnBehindEveryEvent() {
        List<Event> events = all(gateway, client.generate(generate("count to 9").build()));
        String stream = events.getFirst().getStream();
        for (int seen = 0; seen < events.size(); seen++) {
            List<Event> rest = all(gateway, client.resume(behind(stream, seen - 1)));
            assertThat(rest.getFirst().hasStarted()).isTrue();
            assertThat(rest.subList(1, rest.size())).isEqualTo(events.subList(seen + 1, events.size()));
        }
        assertThat(all(
                        gateway,
                        client.resume(
                                ResumeRequest.newBuilder().setStream(stream).build())))
                .hasSameSizeAs(events);
    }

    private static ResumeRequest behind(String stream, long after) {
        return ResumeRequest.newBuilder().setStream(stream).setAfter(after).build();
    }

    @Test
    void aStreamOfOneInterfaceGoesOnInTheOther() {
        List<Event> events = all(gateway, client.chat(chat("count to 5").build()));
        String stream = events.getFirst().getStream();
        String rest = gateway.send(gateway.request("/v1/streams/" + stream)
                        .header("Last-Event-ID", stream + ".2")
                        .build())
                .body();
        assertThat(rest).startsWith("id: " + stream + ".3").endsWith("data: [DONE]\n\n");
        String http = gateway.post("/v1/completions", "{\"model\":\"fake\",\"prompt\":\"count to 5\",\"stream\":true}")
                .body();
        String name = http.substring("id: ".length(), http.indexOf(".0\n"));
        assertThat(text(all(gateway, client.resume(behind(name, 1))))).isEqualTo("3 4 5 ");
    }

    @Test
    void resumingNeedsAKnownStreamAndAnIndex() {
        assertThat(refusal(gateway, client.resume(behind("nonsense", -1))).status())
                .isEqualTo("NOT_FOUND");
        String stream = all(gateway, client.chat(chat("hi").build())).getFirst().getStream();
        String unknown = stream.substring(0, stream.length() - 32) + "0".repeat(32);
        assertThat(refusal(gateway, client.resume(behind(unknown, -1))).code()).isEqualTo("not_found");
        var refused = refusal(gateway, client.resume(behind(stream, -2)));
        assertThat(refused.status()).isEqualTo("INVALID_ARGUMENT");
        assertThat(refused.param()).isEqualTo("after");
    }

    @Test
    void aStreamThatBreaksEndsWithAStatusBehindWhatItHasSaid() {
        var events = new ArrayList<Event>();
        var refused = refusal(gateway, client.chat(chat("please break").build()).map(event -> {
            events.add(event);
            return event;
        }));
        assertThat(refused.status()).isEqualTo("INTERNAL");
        assertThat(refused.message()).isEqualTo("the device fell over");
        assertThat(events.stream().filter(Event::hasDelta)).hasSize(3);
        var whole = refusal(
                gateway, client.chat(chat("please break").setCall(whole()).build()));
        assertThat(whole).isEqualTo(refused);
    }

    @Test
    void tokensGoBothWaysAndModelsAreListed() {
        var tokens = now(client.tokenize(
                TokenizeRequest.newBuilder().setModel("fake").setPrompt("你好").build()));
        JsonNode http = json(gateway.post("/tokenize", "{\"model\":\"fake\",\"prompt\":\"你好\"}"));
        assertThat(tokens.getTokenIdsList()).isEqualTo(ints(http.get("tokens")));
        assertThat(tokens.getPiecesList()).containsExactly("你", "好");
        assertThat(tokens.getMaxModelLen()).isEqualTo(2048);
        assertThat(now(client.tokenize(TokenizeRequest.newBuilder()
                                .setModel("fake")
                                .addMessages(chat("好").getMessages(0))
                                .build()))
                        .getTokenIdsList())
                .containsExactly((int) '好');
        assertThat(now(client.detokenize(DetokenizeRequest.newBuilder()
                                .setModel("fake")
                                .addAllTokens(tokens.getTokenIdsList())
                                .build()))
                        .getText())
                .isEqualTo("你好");
        var models = now(client.listModels(ListModelsRequest.getDefaultInstance()));
        assertThat(models.getModelsList())
                .containsExactly(now(client.getModel(
                        GetModelRequest.newBuilder().setModel("fake").build())));
        assertThat(models.getModels(0).getDefaults().getTopK()).isEqualTo(30);
        assertThat(models.getModels(0).getVocabulary()).isEqualTo(Character.MAX_CODE_POINT + 1);
    }

    private static List<Integer> ints(JsonNode list) {
        List<Integer> ints = new ArrayList<>();
        list.forEach(number -> ints.add(number.asInt()));
        return ints;
    }
}
