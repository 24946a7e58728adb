package belle.gateway.grpc;

import belle.gateway.work.Admission.Access;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import org.apache.pekko.stream.javadsl.Source;

/**
 * A method of a service.
 *
 * @param path {@code /<service>/<method>}
 */
record GrpcMethod<Q extends Message, A extends Message>(
        String path, Access access, Parser<Q> request, Parser<A> answer, GrpcCall.Handler<Q, A> handler) {

    /** A method with one answer. */
    static <Q extends Message, A extends Message> GrpcMethod<Q, A> single(
            String path,
            Access access,
            Parser<Q> request,
            Parser<A> answer,
            BiFunction<GrpcCall, Q, CompletionStage<A>> handler) {
        return new GrpcMethod<>(
                path,
                access,
                request,
                answer,
                (call, asked) -> handler.apply(call, asked).thenApply(Source::single));
    }

    /** A method with one answer that is known at once. */
    static <Q extends Message, A extends Message> GrpcMethod<Q, A> prompt(
            String path, Access access, Parser<Q> request, Parser<A> answer, BiFunction<GrpcCall, Q, A> handler) {
        return single(
                path,
                access,
                request,
                answer,
                (call, asked) -> CompletableFuture.completedFuture(handler.apply(call, asked)));
    }
}
