package belle.gateway.grpc;

import static belle.gateway.work.Admission.Access.KEY;
import static belle.gateway.work.Admission.Access.WORK;

import belle.gateway.work.Shared;
import belle.v1.Belle;
import belle.v1.ChatRequest;
import belle.v1.DeleteSessionRequest;
import belle.v1.DeleteSessionResponse;
import belle.v1.DetokenizeRequest;
import belle.v1.DetokenizeResponse;
import belle.v1.Event;
import belle.v1.GenerateRequest;
import belle.v1.GetModelRequest;
import belle.v1.GetSessionRequest;
import belle.v1.ListModelsRequest;
import belle.v1.ListModelsResponse;
import belle.v1.Model;
import belle.v1.ResumeRequest;
import belle.v1.Session;
import belle.v1.TokenizeRequest;
import belle.v1.TokenizeResponse;
import com.google.protobuf.Descriptors.FileDescriptor;
import io.grpc.health.v1.HealthProto;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.grpc.ServiceDescription;
import org.apache.pekko.grpc.javadsl.ServerReflection;
import org.apache.pekko.http.javadsl.model.HttpEntity;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.RequestEntity;
import org.apache.pekko.http.javadsl.model.Uri;
import org.apache.pekko.japi.function.Function;
import org.apache.pekko.util.ByteString;

/** Wires the gRPC services by hand; {@link #methods} is its table of contents. */
public final class GrpcEdge {
    private static final String HTTP_2 = "HTTP/2.0";
    private static final String CONTENT_TYPE = "application/grpc";
    private static final String REFLECTION = "/grpc.reflection.v1.ServerReflection/";
    private static final String OLD_REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/";

    private record Service(String name, FileDescriptor descriptor) implements ServiceDescription {}

    private final GrpcRouter router;
    private final Function<HttpRequest, CompletionStage<HttpResponse>> reflection;
    private final int maxRequestBytes;

    /**
     * Wires the services.
     *
     * @param reader reads a whole request of at most so many bytes, within a time
     * @param maxRequestBytes the most that a message may have
     */
    public GrpcEdge(
            ActorSystem<?> system,
            Shared shared,
            BiFunction<HttpEntity, Integer, CompletionStage<ByteString>> reader,
            int maxRequestBytes) {
        this.maxRequestBytes = maxRequestBytes;
        router = new GrpcRouter(
                methods(shared),
                shared.admission(),
                entity -> reader.apply(entity, maxRequestBytes + GrpcMessages.PREFIX_BYTES),
                shared.metrics(),
                system);
        reflection = ServerReflection.create(
                List.of(Belle.description, new Service(HealthMethods.SERVICE, HealthProto.getDescriptor())), system);
    }

    /** Whether a request is a gRPC call. */
    public static boolean isCall(HttpRequest request) {
        String type = request.entity().getContentType().mediaType().toString();
        return request.protocol().value().equals(HTTP_2)
                && (type.equals(CONTENT_TYPE) || type.equals(CONTENT_TYPE + "+proto"));
    }

    /** Answers a call. */
    public CompletionStage<HttpResponse> handle(HttpRequest request) {
        String path = request.getUri().getPathString();
        if (path.startsWith(REFLECTION)) {
            // Both versions have the same messages; Pekko's reflection has the older name.
            Uri older = request.getUri().path(OLD_REFLECTION + path.substring(REFLECTION.length()));
            return reflected(request.withUri(older));
        }
        return path.startsWith(OLD_REFLECTION) ? reflected(request) : router.handle(request);
    }

    private CompletionStage<HttpResponse> reflected(HttpRequest request) {
        HttpRequest bounded = request.removeHeader("grpc-encoding")
                .withEntity((RequestEntity) request.entity().withSizeLimit(maxRequestBytes));
        try {
            return reflection.apply(bounded);
        } catch (Exception e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private static List<GrpcMethod<?, ?>> methods(Shared shared) {
        var generation = new GenerationMethods(shared.generations(), shared.metrics());
        var models = new ModelMethods(shared.models());
        var sessions = new SessionMethods(shared.sessions());
        var health = new HealthMethods(shared.readiness());
        String belle = "/" + Belle.name + "/";
        return List.of(
                new GrpcMethod<>(
                        belle + "Generate", WORK, GenerateRequest.parser(), Event.parser(), generation::generate),
                new GrpcMethod<>(belle + "Chat", WORK, ChatRequest.parser(), Event.parser(), generation::chat),
                new GrpcMethod<>(belle + "Resume", WORK, ResumeRequest.parser(), Event.parser(), generation::resume),
                GrpcMethod.single(
                        belle + "Tokenize", KEY, TokenizeRequest.parser(), TokenizeResponse.parser(), models::tokenize),
                GrpcMethod.single(
                        belle + "Detokenize",
                        KEY,
                        DetokenizeRequest.parser(),
                        DetokenizeResponse.parser(),
                        models::detokenize),
                GrpcMethod.prompt(
                        belle + "ListModels",
                        KEY,
                        ListModelsRequest.parser(),
                        ListModelsResponse.parser(),
                        models::list),
                GrpcMethod.prompt(belle + "GetModel", KEY, GetModelRequest.parser(), Model.parser(), models::get),
                GrpcMethod.single(
                        belle + "GetSession", KEY, GetSessionRequest.parser(), Session.parser(), sessions::get),
                GrpcMethod.single(
                        belle + "DeleteSession",
                        KEY,
                        DeleteSessionRequest.parser(),
                        DeleteSessionResponse.parser(),
                        sessions::delete),
                health.check(),
                health.watch());
    }
}
