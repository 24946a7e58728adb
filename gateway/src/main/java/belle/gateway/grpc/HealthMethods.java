package belle.gateway.grpc;

import belle.gateway.work.Admission.Access;
import belle.gateway.work.Readiness;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.v1.Belle;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/** The standard health service: the same as {@code /health/ready}, for the whole ("") and for the service. */
final class HealthMethods {
    static final String SERVICE = "grpc.health.v1.Health";

    private static final String PREFIX = "/" + SERVICE + "/";
    private static final Duration INTERVAL = Duration.ofMillis(200);

    private final Readiness readiness;

    HealthMethods(Readiness readiness) {
        this.readiness = readiness;
    }

    GrpcMethod<HealthCheckRequest, HealthCheckResponse> check() {
        return GrpcMethod.prompt(
                PREFIX + "Check",
                Access.OPEN,
                HealthCheckRequest.parser(),
                HealthCheckResponse.parser(),
                (_, request) -> response(checked(request)));
    }

    GrpcMethod<HealthCheckRequest, HealthCheckResponse> watch() {
        return new GrpcMethod<>(
                PREFIX + "Watch",
                Access.OPEN,
                HealthCheckRequest.parser(),
                HealthCheckResponse.parser(),
                (_, request) -> CompletableFuture.completedFuture(changes(request)));
    }

    /** Tells the status, and each change of it. */
    private Source<HealthCheckResponse, NotUsed> changes(HealthCheckRequest request) {
        if (!known(request)) {
            // It may be known later, says the protocol; here it never will be.
            return Source.single(response(ServingStatus.SERVICE_UNKNOWN)).concat(Source.maybe());
        }
        return Source.tick(Duration.ZERO, INTERVAL, NotUsed.getInstance())
                .mapMaterializedValue(_ -> NotUsed.getInstance())
                .map(_ -> status())
                .statefulMapConcat(() -> {
                    var last = new ServingStatus[] {ServingStatus.UNKNOWN};
                    return status -> {
                        boolean same = status == last[0];
                        last[0] = status;
                        return same ? List.<ServingStatus>of() : List.of(status);
                    };
                })
                // Nobody is to be waited for who only watches.
                .takeWhile(_ -> !readiness.draining().getAsBoolean(), true)
                .map(HealthMethods::response);
    }

    private ServingStatus checked(HealthCheckRequest request) {
        if (!known(request)) {
            throw new FailureException(
                    new Failure.NotFound("there is no service of the name '" + request.getService() + "' here"));
        }
        return status();
    }

    private static boolean known(HealthCheckRequest request) {
        return request.getService().isEmpty() || request.getService().equals(Belle.name);
    }

    private ServingStatus status() {
        return readiness.problem().isEmpty() ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
    }

    private static HealthCheckResponse response(ServingStatus status) {
        return HealthCheckResponse.newBuilder().setStatus(status).build();
    }
}
