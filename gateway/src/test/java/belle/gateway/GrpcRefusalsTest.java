package belle.gateway;

import static belle.gateway.Fixture.json;
import static belle.gateway.GrpcClients.chat;
import static belle.gateway.GrpcClients.generate;
import static belle.gateway.GrpcClients.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import belle.gateway.GrpcClients.Refusal;
import belle.v1.BelleClient;
import belle.v1.Call;
import belle.v1.ChatMessage;
import belle.v1.ChatRequest;
import belle.v1.DeleteSessionRequest;
import belle.v1.DetokenizeRequest;
import belle.v1.GenerateRequest;
import belle.v1.GetModelRequest;
import belle.v1.GetSessionRequest;
import belle.v1.ListModelsRequest;
import belle.v1.ListModelsResponse;
import belle.v1.Sampling;
import belle.v1.TokenIds;
import belle.v1.TokenizeRequest;
import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.apache.pekko.grpc.javadsl.SingleResponseRequestBuilder;
import org.apache.pekko.stream.javadsl.Sink;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The same faults over HTTP and over gRPC, side by side. */
class GrpcRefusalsTest {
    /** Both tables in one: HTTP's status codes as gRPC has them. */
    private static final Map<Integer, String> STATUSES = Map.of(
            400, "INVALID_ARGUMENT",
            401, "UNAUTHENTICATED",
            404, "NOT_FOUND",
            413, "RESOURCE_EXHAUSTED",
            429, "RESOURCE_EXHAUSTED",
            500, "INTERNAL",
            503, "UNAVAILABLE");

    private static Fixture gateway;
    private static BelleClient client;

    /** One fault: the HTTP request, and the call. */
    record Fault(
            String name, Function<Fixture, HttpRequest.Builder> http, Function<BelleClient, CompletionStage<?>> grpc) {
        @Override
        public String toString() {
            return name;
        }
    }

    @BeforeAll
    static void start() {
        gateway = Fixture.with("belle.gateway.http.max-request-bytes = 20000");
        client = GrpcClients.client(gateway);
    }

    @AfterAll
    static void stop() {
        GrpcClients.now(client.close());
        gateway.close();
    }

    static List<Fault> ofSampling() {
        return List.of(
                sampling("\"temperature\":9", s -> s.setTemperature(9)),
                sampling("\"top_p\":-0.1", s -> s.setTopP(-0.1)),
                sampling("\"min_p\":2", s -> s.setMinP(2)),
                sampling("\"top_k\":-1", s -> s.setTopK(-1)),
                sampling("\"n\":17", s -> s.setN(17)),
                sampling("\"n\":0", s -> s.setN(0)),
                sampling("\"max_tokens\":-1", s -> s.setMaxTokens(-1)),
                sampling("\"stop\":[\"\"]", s -> s.addStop("")),
                sampling("\"logit_bias\":{\"1\":101}", s -> s.putLogitBias(1, 101)),
                sampling("\"logit_bias\":{\"9999999\":1}", s -> s.putLogitBias(9_999_999, 1)),
                sampling("\"logit_bias\":{\"4294967295\":1}", s -> s.putLogitBias(-1, 1)),
                sampling("\"presence_penalty\":3", s -> s.setPresencePenalty(3)),
                sampling("\"frequency_penalty\":-3", s -> s.setFrequencyPenalty(-3)),
                sampling("\"repetition_penalty\":0", s -> s.setRepetitionPenalty(0)));
    }

    static List<Fault> ofPrompts() {
        return List.of(
                completion("\"prompt\":\"x\",\"logprobs\":21", generate("x").setLogprobs(21)),
                completion("\"prompt\":[1114112]", ids(1_114_112)),
                completion("\"prompt\":[4294967295]", ids(-1)),
                completion("\"prompt\":[]", ids()),
                completion(
                        "\"prompt\":\"x\",\"session_id\":\"a b\"",
                        calling(Call.newBuilder().setSessionId("a b"))),
                conversation("refuse invalid"),
                conversation("refuse too long"),
                conversation("refuse overloaded"),
                conversation("refuse unavailable"),
                conversation("refuse internal"),
                conversation("x".repeat(30_000)),
                chatting("\"messages\":[]", chat("").clearMessages()),
                chatting(
                        "\"messages\":[{\"role\":\"tool\",\"content\":\"\"}]",
                        chat("").setMessages(0, ChatMessage.newBuilder().setRole("tool"))),
                chatting(
                        "\"messages\":[{\"content\":\"x\"}]",
                        chat("").setMessages(0, ChatMessage.newBuilder().setContent("x"))),
                chatting("\"messages\":[{\"role\":\"user\"}],\"top_logprobs\":3", chat("").setTopLogprobs(3)));
    }

    static List<Fault> ofNames() {
        return List.of(
                new Fault(
                        "no such model",
                        f -> f.posting("/v1/completions", "{\"model\":\"nope\",\"prompt\":\"x\"}"),
                        c -> events(c, generate("x").setModel("nope"))),
                new Fault(
                        "no model",
                        f -> f.posting("/v1/completions", "{\"prompt\":\"x\"}"),
                        c -> events(c, generate("x").clearModel())),
                new Fault(
                        "no prompt",
                        f -> f.posting("/v1/completions", "{\"model\":\"fake\"}"),
                        c -> events(c, GenerateRequest.newBuilder().setModel("fake"))),
                new Fault(
                        "a model's name",
                        f -> f.request("/v1/models/nope"),
                        c -> c.getModel(
                                GetModelRequest.newBuilder().setModel("nope").build())),
                new Fault(
                        "nothing to tokenize",
                        f -> f.posting("/tokenize", "{\"model\":\"fake\",\"messages\":[]}"),
                        c -> c.tokenize(
                                TokenizeRequest.newBuilder().setModel("fake").build())),
                new Fault(
                        "a token that is not there",
                        f -> f.posting("/detokenize", "{\"model\":\"fake\",\"tokens\":[1,1114112]}"),
                        c -> c.detokenize(DetokenizeRequest.newBuilder()
                                .setModel("fake")
                                .addTokens(1)
                                .addTokens(1_114_112)
                                .build())),
                new Fault(
                        "a session of somebody else",
                        f -> f.request("/v1/sessions/s.1"),
                        c -> c.getSession(GetSessionRequest.newBuilder()
                                .setSessionId("s.1")
                                .build())),
                new Fault(
                        "no session's name",
                        f -> f.request("/v1/sessions/a%20b").DELETE(),
                        c -> c.deleteSession(DeleteSessionRequest.newBuilder()
                                .setSessionId("a b")
                                .build())));
    }

    private static Fault sampling(String field, UnaryOperator<Sampling.Builder> set) {
        return completion("\"prompt\":\"x\"," + field, generate("x").setSampling(set.apply(Sampling.newBuilder())));
    }

    private static Fault completion(String fields, GenerateRequest.Builder request) {
        return new Fault(
                fields,
                f -> f.posting("/v1/completions", "{\"model\":\"fake\"," + fields + "}"),
                c -> events(c, request));
    }

    private static Fault chatting(String fields, ChatRequest.Builder request) {
        return new Fault(
                fields,
                f -> f.posting("/v1/chat/completions", "{\"model\":\"fake\"," + fields + "}"),
                c -> c.chat(request.build()).runWith(Sink.seq(), gateway.system()));
    }

    private static Fault conversation(String content) {
        return chatting("\"messages\":[{\"role\":\"user\",\"content\":\"" + content + "\"}]", chat(content));
    }

    private static GenerateRequest.Builder ids(int... ids) {
        var list = TokenIds.newBuilder();
        for (int id : ids) {
            list.addIds(id);
        }
        return generate("").setPromptIds(list);
    }

    private static GenerateRequest.Builder calling(Call.Builder call) {
        return generate("x").setCall(call);
    }

    private static CompletionStage<?> events(BelleClient client, GenerateRequest.Builder request) {
        return client.generate(request.build()).runWith(Sink.seq(), gateway.system());
    }

    @ParameterizedTest
    @MethodSource({"ofSampling", "ofPrompts", "ofNames"})
    void aFaultIsNamedInTheSameWords(Fault fault) {
        HttpResponse<String> http = gateway.send(fault.http().apply(gateway).build());
        JsonNode error = json(http).get("error");
        Refusal grpc = refusal(fault.grpc().apply(client));
        String message = error.get("message").asText();
        // HTTP is told how large the body will be.
        assertThat(grpc.message())
                .isEqualTo(http.statusCode() == 413 ? message.replaceAll(", but has.*", "") : message);
        assertThat(grpc.code()).isEqualTo(error.get("code").asText());
        assertThat(grpc.param()).isEqualTo(error.get("param").asText());
        assertThat(grpc.type()).isEqualTo(error.get("type").asText());
        assertThat(grpc.status()).isEqualTo(STATUSES.get(http.statusCode()));
        assertThat(grpc.retryAfter())
                .isEqualTo(http.headers().firstValue("Retry-After").orElse("null"));
    }

    @Test
    void aKeyThatCannotBePrintedIsRefused() {
        var refused = refusal(events(client, calling(Call.newBuilder().setIdempotencyKey("a b"))));
        assertThat(refused.status()).isEqualTo("INVALID_ARGUMENT");
        assertThat(refused.param()).isEqualTo("Idempotency-Key");
    }

    @Test
    void whatIsNoNumberIsRefused() {
        var refused = refusal(
                events(client, generate("x").setSampling(Sampling.newBuilder().setTemperature(Double.NaN))));
        assertThat(refused.status()).isEqualTo("INVALID_ARGUMENT");
        assertThat(refused.param()).isEqualTo("temperature");
    }

    @Test
    void withKeysSetACallNeedsOneAndIsCountedForItsTenant() {
        try (Fixture keyed = Fixture.with("""
                belle.gateway.tenants.keys = [
                  { tenant = "ann", key = "k-ann", requests-per-minute = 2 }
                  { tenant = "owner", key = "k-own" }
                ]""")) {
            BelleClient caller = GrpcClients.client(keyed);
            var models = ListModelsRequest.getDefaultInstance();
            Refusal none = refusal(caller.listModels(models));
            assertThat(none.status()).isEqualTo("UNAUTHENTICATED");
            assertThat(none.code()).isEqualTo("invalid_api_key");
            assertThat(refusal(with(caller, "wrong").invoke(models)).status()).isEqualTo("UNAUTHENTICATED");
            assertThat(GrpcClients.now(with(caller, "k-ann").invoke(models)).getModelsCount())
                    .isEqualTo(1);
            for (int i = 0; i < 2; i++) {
                GrpcClients.all(
                        keyed,
                        caller.chat()
                                .addHeader("authorization", "Bearer k-ann")
                                .invoke(chat("hi").build()));
            }
            Refusal third = refusal(
                    keyed,
                    caller.chat()
                            .addHeader("authorization", "Bearer k-ann")
                            .invoke(chat("hi").build()));
            assertThat(third.status()).isEqualTo("RESOURCE_EXHAUSTED");
            assertThat(third.message()).contains("2 requests of 'ann'");
            assertThat(Integer.parseInt(third.retryAfter())).isBetween(1, 30);
            assertThat(keyed.witness.generates().getLast().tenant()).isEqualTo("ann");
            var session = caller.getSession().addHeader("authorization", "Bearer k-own");
            var turns = GrpcClients.now(session.invoke(
                    GetSessionRequest.newBuilder().setSessionId("s.1").build()));
            assertThat(turns.getTurnsList())
                    .extracting(turn -> turn.getState().name())
                    .containsExactly("STATE_OPEN", "STATE_FINISHED");
            assertThat(turns.getTurns(1).getAnswersList()).containsExactly("A", "B");
            assertThat(turns.getTurns(0).hasEnded()).isFalse();
            assertThat(turns.getTurns(1).getEnded()).isEqualTo(8);
            GrpcClients.now(caller.deleteSession()
                    .addHeader("authorization", "Bearer k-own")
                    .invoke(DeleteSessionRequest.newBuilder()
                            .setSessionId("s.1")
                            .build()));
            GrpcClients.now(caller.close());
        }
    }

    @Test
    void refusedCallsLeaveTheirConnectionAsItWas() {
        try (Fixture keyed = Fixture.with("belle.gateway.tenants.keys = [{ tenant = ann, key = k-ann }]")) {
            BelleClient caller = GrpcClients.client(keyed);
            // Large to read, short to answer: an echo of it would take seconds.
            var large = chat("count to 3 " + "x".repeat(1 << 20)).build();
            for (int i = 0; i < 24; i++) {
                assertThat(refusal(keyed, caller.chat(large)).status()).isEqualTo("UNAUTHENTICATED");
            }
            assertThat(GrpcClients.all(
                            keyed,
                            caller.chat()
                                    .addHeader("authorization", "Bearer k-ann")
                                    .invoke(large)))
                    .isNotEmpty();
            GrpcClients.now(caller.close());
        }
    }

    private static SingleResponseRequestBuilder<ListModelsRequest, ListModelsResponse> with(
            BelleClient client, String key) {
        return client.listModels().addHeader("authorization", "Bearer " + key);
    }
}
