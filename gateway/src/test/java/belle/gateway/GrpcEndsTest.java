package belle.gateway;

import static belle.gateway.Fixture.json;
import static belle.gateway.GrpcClients.all;
import static belle.gateway.GrpcClients.chat;
import static belle.gateway.GrpcClients.now;
import static belle.gateway.GrpcClients.refusal;
import static belle.gateway.GrpcClients.text;
import static belle.gateway.GrpcClients.whole;
import static org.assertj.core.api.Assertions.assertThat;

import belle.v1.BelleClient;
import belle.v1.ChatRequest;
import belle.v1.Event;
import com.google.protobuf.Empty;
import com.google.protobuf.Message;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Calls that end early, the services beside the public one, and the end of the gateway. */
class GrpcEndsTest {
    private static final MethodDescriptor<ChatRequest, Event> CHAT =
            method("Chat", ChatRequest.getDefaultInstance(), Event.getDefaultInstance());
    private static Fixture gateway;
    private static BelleClient client;

    @BeforeAll
    static void start() {
        gateway = Fixture.with("belle.gateway.tenants.anonymous.max-concurrent = 1");
        client = GrpcClients.client(gateway);
    }

    @AfterAll
    static void stop() {
        now(client.close());
        gateway.close();
    }

    /** Waits until the session has the request, and returns its stream. */
    private static String generated(Fixture fixture, String content) {
        return TestProbe.create(fixture.system())
                .awaitAssert(
                        Fixture.PATIENCE,
                        () -> fixture.witness.generates().stream()
                                .filter(g -> g.prompt().toString().contains(content))
                                .findFirst()
                                .orElseThrow(() -> new AssertionError("not generated"))
                                .stream());
    }

    /** What a call held of the quota it has given back. */
    private static void freed(Fixture fixture, BelleClient caller) {
        TestProbe.create(fixture.system()).awaitAssert(Fixture.PATIENCE, () -> {
            try {
                return all(fixture, caller.chat(chat("hi").build()));
            } catch (StatusRuntimeException e) {
                throw new AssertionError("not given back", e);
            }
        });
    }

    @Test
    void aCallThatIsCancelledCancelsItsStream() {
        var running = client.chat(chat("hold the streamed one").build())
                .viaMat(KillSwitches.single(), Keep.right())
                .to(Sink.ignore())
                .run(gateway.system());
        String stream = generated(gateway, "hold the streamed one");
        running.shutdown();
        assertThat(gateway.witness.cancelled(stream)).succeedsWithin(Fixture.PATIENCE);
        freed(gateway, client);
    }

    @Test
    void aCallForTheWholeThatIsCancelledCancelsItsStream() {
        var running = client.chat(chat("hold the whole one").setCall(whole()).build())
                .viaMat(KillSwitches.single(), Keep.right())
                .to(Sink.ignore())
                .run(gateway.system());
        String stream = generated(gateway, "hold the whole one");
        running.shutdown();
        assertThat(gateway.witness.cancelled(stream)).succeedsWithin(Fixture.PATIENCE);
        freed(gateway, client);
    }

    @Test
    void aCallBeforeItsStreamHasBegunIsCancelledToo() {
        var running = client.chat(chat("silent and cancelled").build())
                .viaMat(KillSwitches.single(), Keep.right())
                .to(Sink.ignore())
                .run(gateway.system());
        String stream = generated(gateway, "silent and cancelled");
        running.shutdown();
        assertThat(gateway.witness.cancelled(stream)).succeedsWithin(Fixture.PATIENCE);
        freed(gateway, client);
    }

    @Test
    void aConnectionThatClosesCancelsItsStreams() {
        ManagedChannel other = channel(gateway);
        ClientCalls.asyncServerStreamingCall(
                other.newCall(CHAT, CallOptions.DEFAULT),
                chat("hold and hang up").build(),
                first(new CompletableFuture<Event>()));
        String stream = generated(gateway, "hold and hang up");
        other.shutdownNow();
        assertThat(gateway.witness.cancelled(stream)).succeedsWithin(Fixture.PATIENCE);
        freed(gateway, client);
    }

    @Test
    void aDeadlineEndsTheCallAndItsStream() {
        var hurried = BelleClient.create(
                GrpcClients.settings(gateway).withDeadline(Duration.ofMillis(400)), gateway.system());
        var refused = refusalStatus(hurried, "hold past the deadline");
        assertThat(refused).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
        assertThat(gateway.witness.cancelled(generated(gateway, "hold past the deadline")))
                .succeedsWithin(Fixture.PATIENCE);
        freed(gateway, client);
        now(hurried.close());
    }

    private static Status.Code refusalStatus(BelleClient caller, String content) {
        try {
            throw new AssertionError(all(gateway, caller.chat(chat(content).build())));
        } catch (StatusRuntimeException e) {
            return e.getStatus().getCode();
        }
    }

    @Test
    void theServerItselfKeepsADeadline() {
        // A client's own clock would end the call without the server.
        var refused = refusal(
                gateway,
                client.chat()
                        .addHeader("grpc-timeout", "300m")
                        .invoke(chat("hold for the server").build()));
        assertThat(refused.status()).isEqualTo("DEADLINE_EXCEEDED");
        assertThat(refused.code()).isEqualTo("deadline_exceeded");
        assertThat(gateway.witness.cancelled(generated(gateway, "hold for the server")))
                .succeedsWithin(Fixture.PATIENCE);
        freed(gateway, client);
    }

    @Test
    void callsAtOnceAreCountedAsOverHttp() {
        var held = client.chat(chat("hold the only place").build())
                .viaMat(KillSwitches.single(), Keep.right())
                .to(Sink.ignore())
                .run(gateway.system());
        generated(gateway, "hold the only place");
        assertThat(refusal(gateway, client.chat(chat("hi").build())).status()).isEqualTo("RESOURCE_EXHAUSTED");
        assertThat(gateway.post("/v1/completions", "{\"model\":\"fake\",\"prompt\":\"x\"}")
                        .statusCode())
                .isEqualTo(429);
        held.shutdown();
        freed(gateway, client);
    }

    @Test
    void unknownMethodsAndPackedMessagesAreNotImplemented() {
        ManagedChannel channel = channel(gateway);
        var unknown = method("Sing", Empty.getDefaultInstance(), Empty.getDefaultInstance());
        assertThat(code(() -> ClientCalls.blockingServerStreamingCall(
                                channel, unknown, CallOptions.DEFAULT, Empty.getDefaultInstance())
                        .next()))
                .isEqualTo(Status.Code.UNIMPLEMENTED);
        assertThat(code(() -> ClientCalls.blockingServerStreamingCall(
                                channel,
                                CHAT,
                                CallOptions.DEFAULT.withCompression("gzip"),
                                chat("hi").build())
                        .next()))
                .isEqualTo(Status.Code.UNIMPLEMENTED);
        channel.shutdownNow();
    }

    private static <Q extends Message, A extends Message> MethodDescriptor<Q, A> method(
            String name, Q request, A answer) {
        return MethodDescriptor.<Q, A>newBuilder()
                .setType(MethodDescriptor.MethodType.SERVER_STREAMING)
                .setFullMethodName("belle.v1.Belle/" + name)
                .setRequestMarshaller(ProtoUtils.marshaller(request))
                .setResponseMarshaller(ProtoUtils.marshaller(answer))
                .build();
    }

    private static Status.Code code(Runnable call) {
        try {
            call.run();
            return Status.Code.OK;
        } catch (StatusRuntimeException e) {
            return e.getStatus().getCode();
        }
    }

    private static ManagedChannel channel(Fixture fixture) {
        return NettyChannelBuilder.forAddress("127.0.0.1", fixture.address().getPort())
                .usePlaintext()
                .build();
    }

    @Test
    void healthIsReadinessAndIsWatched() throws Exception {
        try (Fixture fixture = Fixture.with("")) {
            ManagedChannel channel = channel(fixture);
            var health = HealthGrpc.newBlockingStub(channel).withDeadlineAfter(30, TimeUnit.SECONDS);
            assertThat(health.check(HealthCheckRequest.getDefaultInstance()).getStatus())
                    .isEqualTo(ServingStatus.SERVING);
            assertThat(code(() -> health.check(
                            HealthCheckRequest.newBuilder().setService("other").build())))
                    .isEqualTo(Status.Code.NOT_FOUND);
            var seen = new LinkedBlockingQueue<ServingStatus>();
            var watched = health.watch(
                    HealthCheckRequest.newBuilder().setService("belle.v1.Belle").build());
            var reader =
                    Thread.ofVirtual().start(() -> watched.forEachRemaining(answer -> seen.add(answer.getStatus())));
            assertThat(seen.poll(30, TimeUnit.SECONDS)).isEqualTo(ServingStatus.SERVING);
            var ended = CoordinatedShutdown.get(fixture.system())
                    .runAll(CoordinatedShutdown.unknownReason())
                    .toCompletableFuture();
            assertThat(seen.poll(30, TimeUnit.SECONDS)).isEqualTo(ServingStatus.NOT_SERVING);
            reader.join();
            assertThat(ended).succeedsWithin(Fixture.PATIENCE);
            channel.shutdownNow();
        }
        try (Fixture fixture = Fixture.withoutNode()) {
            ManagedChannel channel = channel(fixture);
            assertThat(HealthGrpc.newBlockingStub(channel)
                            .check(HealthCheckRequest.getDefaultInstance())
                            .getStatus())
                    .isEqualTo(ServingStatus.NOT_SERVING);
            channel.shutdownNow();
        }
    }

    @Test
    void atTheEndNewCallsAreRefusedAndARunningOneEndsWithAStatus() {
        try (Fixture fixture = Fixture.with("belle.gateway.drain-deadline = 1s")) {
            BelleClient caller = GrpcClients.client(fixture);
            var held = caller.chat(chat("hold to the end").build()).runWith(Sink.seq(), fixture.system());
            generated(fixture, "hold to the end");
            var ended = CoordinatedShutdown.get(fixture.system())
                    .runAll(CoordinatedShutdown.unknownReason())
                    .toCompletableFuture();
            TestProbe.create(fixture.system()).awaitAssert(Fixture.PATIENCE, () -> {
                if (fixture.get("/health/ready").statusCode() != 503) {
                    throw new AssertionError("still ready");
                }
                return true;
            });
            var refused = refusal(fixture, caller.chat(chat("hi").build()));
            assertThat(refused.status()).isEqualTo("UNAVAILABLE");
            assertThat(refused.message()).contains("draining");
            assertThat(refusal(held).message()).contains("shutting down");
            assertThat(ended).succeedsWithin(Fixture.PATIENCE);
        }
    }

    @Test
    void reflectionTellsTheServicesAndTheirFilesInBothVersions() {
        ManagedChannel channel = channel(gateway);
        var old = new CompletableFuture<io.grpc.reflection.v1alpha.ServerReflectionResponse>();
        var oldAsked =
                io.grpc.reflection.v1alpha.ServerReflectionGrpc.newStub(channel).serverReflectionInfo(first(old));
        oldAsked.onNext(io.grpc.reflection.v1alpha.ServerReflectionRequest.newBuilder()
                .setListServices("")
                .build());
        assertThat(now(old).getListServicesResponse().getServiceList())
                .extracting(service -> service.getName())
                .contains("belle.v1.Belle", "grpc.health.v1.Health");
        oldAsked.onCompleted();
        var answer = new CompletableFuture<ServerReflectionResponse>();
        var asked = ServerReflectionGrpc.newStub(channel).serverReflectionInfo(first(answer));
        asked.onNext(ServerReflectionRequest.newBuilder()
                .setFileContainingSymbol("belle.v1.Belle")
                .build());
        assertThat(now(answer).getFileDescriptorResponse().getFileDescriptorProtoCount())
                .isPositive();
        asked.onCompleted();
        channel.shutdownNow();
    }

    private static <T> StreamObserver<T> first(CompletableFuture<T> answer) {
        return new StreamObserver<>() {
            @Override
            public void onNext(T value) {
                answer.complete(value);
            }

            @Override
            public void onError(Throwable thrown) {
                answer.completeExceptionally(thrown);
            }

            @Override
            public void onCompleted() {
                answer.completeExceptionally(new IllegalStateException("nothing was answered"));
            }
        };
    }

    @Test
    void httpIsServedInVersionTwoAsWell() {
        var connection = Http.get(gateway.system())
                .connectionTo("127.0.0.1")
                .toPort(gateway.address().getPort())
                .http2WithPriorKnowledge();
        var answer = now(Source.single(HttpRequest.POST("/v1/completions")
                        .withEntity(ContentTypes.APPLICATION_JSON, "{\"model\":\"fake\",\"prompt\":\"two\"}"))
                .concat(Source.maybe())
                .via(connection)
                .runWith(Sink.head(), gateway.system()));
        String body = now(answer.entity().toStrict(30_000, gateway.system()))
                .getData()
                .utf8String();
        assertThat(json(body).at("/choices/0/text").asText()).isEqualTo("You said: two");
        assertThat(answer.status().intValue()).isEqualTo(200);
        freed(gateway, client);
    }

    @Test
    void aClientThatStandsStillStopsItsOwnStreamOnly() {
        try (Fixture fixture = Fixture.with("")) {
            BelleClient caller = GrpcClients.client(fixture);
            // Takes one event and asks for no more.
            Event first = now(caller.chat(chat("count to 100000").build())
                            .concat(Source.maybe())
                            .runWith(Sink.queue(), fixture.system())
                            .pull())
                    .orElseThrow();
            assertThat(text(all(fixture, caller.chat(chat("count to 2000").build()))))
                    .endsWith("2000 ");
            long[] last = {-1};
            TestProbe.create(fixture.system()).awaitAssert(Fixture.PATIENCE, () -> {
                long sent = fixture.witness.lastSent(first.getStream());
                boolean moved = sent != last[0];
                last[0] = sent;
                if (moved) {
                    throw new AssertionError("still sending at " + sent);
                }
                return sent;
            });
            assertThat(last[0]).isLessThan(60_000);
            now(caller.close());
        }
    }
}
