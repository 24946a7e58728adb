package belle.gateway.grpc;

import belle.gateway.api.Errors;
import belle.gateway.api.RefusedException;
import belle.gateway.work.Admission;
import belle.gateway.work.Admission.Access;
import belle.gateway.work.Faults;
import belle.gateway.work.Metrics;
import belle.gateway.work.Tenants.Identity;
import belle.gateway.work.Tenants.Tenant;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.trace.TraceSpan;
import com.google.protobuf.Empty;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.grpc.GrpcProtocol.GrpcProtocolWriter;
import org.apache.pekko.grpc.javadsl.GoogleProtobufSerializer;
import org.apache.pekko.grpc.javadsl.GrpcMarshalling;
import org.apache.pekko.http.javadsl.model.HttpEntity;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/**
 * Takes every gRPC call to its method, or to a status. A call with one answer is a stream, too, so that the end of the call
 * is noticed in all of them.
 */
final class GrpcRouter {
    private static final String ENCODINGS = "grpc-accept-encoding";
    private static final int OK = 200;
    private static final int CLIENT_GONE = 499;

    private final Map<String, GrpcMethod<?, ?>> methods;
    private final Admission admission;
    private final Function<HttpEntity, CompletionStage<ByteString>> reader;
    private final Metrics metrics;
    private final ActorSystem<?> system;

    /** @param reader reads a call's whole request, within a size and a time */
    GrpcRouter(
            List<GrpcMethod<?, ?>> methods,
            Admission admission,
            Function<HttpEntity, CompletionStage<ByteString>> reader,
            Metrics metrics,
            ActorSystem<?> system) {
        this.methods = methods.stream().collect(Collectors.toMap(GrpcMethod::path, method -> method));
        this.admission = admission;
        this.reader = reader;
        this.metrics = metrics;
        this.system = system;
    }

    /** Answers a call. Never fails. */
    CompletionStage<HttpResponse> handle(HttpRequest request) {
        // One short message per token would only grow by being compressed.
        HttpRequest plain = request.removeHeader(ENCODINGS).removeHeader("grpc-encoding");
        return GrpcMarshalling.negotiated(
                        plain, (_, writer) -> CompletableFuture.completedFuture(answer(request, writer)))
                .orElseGet(() ->
                        CompletableFuture.completedFuture(HttpResponse.create().withStatus(415)))
                .thenApply(response -> response.addHeader(RawHeader.create(ENCODINGS, "identity")));
    }

    private HttpResponse answer(HttpRequest request, GrpcProtocolWriter writer) {
        String path = request.getUri().getPathString();
        GrpcMethod<?, ?> method = methods.get(path);
        if (method == null) {
            Errors.Answer unknown = Errors.request(501, "there is no method " + path, null, "not_found");
            metrics.answered("unknown", "GRPC", unknown.status());
            leave(request);
            return marshalled(Source.<Empty>failed(new RefusedException(unknown)), Empty.parser(), writer);
        }
        return answer(request, method, writer);
    }

    private <Q extends Message, A extends Message> HttpResponse answer(
            HttpRequest request, GrpcMethod<Q, A> method, GrpcProtocolWriter writer) {
        // Begun by whoever reads the answer: a call that is gone before that has taken nothing.
        Source<A, NotUsed> answers =
                Source.lazySource(() -> admitted(request, method)).mapMaterializedValue(_ -> NotUsed.getInstance());
        return marshalled(answers, method.answer(), writer);
    }

    private <A extends Message> HttpResponse marshalled(
            Source<A, NotUsed> answers, Parser<A> parser, GrpcProtocolWriter writer) {
        return GrpcMarshalling.marshalStream(
                answers,
                new GoogleProtobufSerializer<>(parser),
                writer,
                system,
                _ -> thrown -> Statuses.of(Faults.answer(thrown)));
    }

    private <Q extends Message, A extends Message> Source<A, NotUsed> admitted(
            HttpRequest request, GrpcMethod<Q, A> method) {
        return switch (admission.identify(method.access(), header(request, "authorization"))) {
            case Identity.Unknown(Errors.Answer answer) -> refused(request, method, answer);
            case Identity.Known(Tenant tenant) -> {
                Optional<Failure> refused = admission.enter(method.access(), tenant);
                yield refused.isPresent()
                        ? refused(request, method, Errors.of(refused.get()))
                        : running(request, method, tenant);
            }
        };
    }

    private <A extends Message> Source<A, NotUsed> refused(
            HttpRequest request, GrpcMethod<?, A> method, Errors.Answer answer) {
        count(method, answer.status());
        leave(request);
        return Source.failed(new RefusedException(answer));
    }

    private <Q extends Message, A extends Message> Source<A, NotUsed> running(
            HttpRequest request, GrpcMethod<Q, A> method, Tenant tenant) {
        var over = new CompletableFuture<Done>();
        TraceSpan trace = method.access() == Access.WORK
                ? TraceSpan.ofRequest(
                        method.path(), header(request, "traceparent").orElse(""))
                : TraceSpan.NONE;
        var call = new GrpcCall(tenant, over, System.nanoTime(), trace);
        Source<A, NotUsed> answers = Source.completionStageSource(reader.apply(request.entity())
                        .thenApply(body -> GrpcMessages.read(body, method.request()))
                        .thenCompose(asked -> method.handler().handle(call, asked)))
                .mapMaterializedValue(_ -> NotUsed.getInstance());
        var said = new CompletableFuture<Integer>();
        return timed(answers, header(request, "grpc-timeout"))
                .concatLazy(Source.<A, NotUsed>lazySource(() -> {
                            said.complete(OK);
                            return Source.empty();
                        })
                        .mapMaterializedValue(_ -> NotUsed.getInstance()))
                .mapError(Throwable.class, thrown -> {
                    var refused = new RefusedException(Faults.answer(thrown));
                    said.complete(refused.answer().status());
                    return refused;
                })
                .map(answer -> {
                    metrics.sent(answer.getSerializedSize());
                    return answer;
                })
                .watchTermination((unused, done) -> {
                    done.whenComplete((_, _) -> {
                        over.complete(Done.getInstance());
                        admission.leave(method.access(), tenant);
                        count(method, said.getNow(CLIENT_GONE));
                        trace.answered(said.getNow(CLIENT_GONE)).end();
                    });
                    return unused;
                });
    }

    private static <A> Source<A, NotUsed> timed(Source<A, NotUsed> answers, Optional<String> timeout) {
        if (timeout.isEmpty()) {
            return answers;
        }
        Optional<Duration> deadline = GrpcMessages.timeout(timeout.get());
        return deadline.isEmpty()
                ? Source.failed(new FailureException(new Failure.Invalid(
                        "grpc-timeout", "grpc-timeout must be 1 to 8 digits and a unit, but is " + timeout.get())))
                : answers.completionTimeout(deadline.get())
                        .mapError(
                                TimeoutException.class,
                                _ -> new RefusedException(Errors.request(
                                        504,
                                        "the call's deadline of "
                                                + deadline.get().toMillis() + " ms has passed",
                                        null,
                                        "deadline_exceeded")));
    }

    /** Reads a request that is refused: unread, it would go on counting in what its connection may have under way. */
    private void leave(HttpRequest request) {
        var _ = reader.apply(request.entity());
    }

    private void count(GrpcMethod<?, ?> method, int status) {
        metrics.answered(method.path(), "GRPC", status);
    }

    private static Optional<String> header(HttpRequest request, String name) {
        return request.getHeader(name).map(HttpHeader::value);
    }
}
