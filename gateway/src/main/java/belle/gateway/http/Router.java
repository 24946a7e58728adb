package belle.gateway.http;

import belle.gateway.api.Errors;
import belle.gateway.work.Admission;
import belle.gateway.work.Admission.Access;
import belle.gateway.work.Metrics;
import belle.gateway.work.Tenants.Identity;
import belle.gateway.work.Tenants.Tenant;
import belle.proto.Failure;
import belle.proto.trace.TraceSpan;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;
import org.apache.pekko.Done;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpMethods;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;

/**
 * Takes every request to its endpoint, or to a JSON error: a table in place of Pekko's directives, so that there is no
 * rejection which some other piece of code would answer in plain text.
 */
final class Router {
    private final List<Endpoint> endpoints;
    private final Admission admission;
    private final Bodies bodies;
    private final Cors cors;
    private final Metrics metrics;

    Router(List<Endpoint> endpoints, Admission admission, Bodies bodies, Cors cors, Metrics metrics) {
        this.endpoints = List.copyOf(endpoints);
        this.admission = admission;
        this.bodies = bodies;
        this.cors = cors;
        this.metrics = metrics;
    }

    /** Answers a request. Never fails. */
    CompletionStage<HttpResponse> handle(HttpRequest request, CompletionStage<Done> clientGone) {
        String path = request.getUri().getPathString();
        List<Endpoint> there =
                endpoints.stream().filter(e -> e.match(path).isPresent()).toList();
        Optional<Endpoint> endpoint = there.stream()
                .filter(e -> methods(e).contains(request.method().value()))
                .findFirst();
        String allowed = allowed(there);
        String route = there.isEmpty() ? "unknown" : there.getFirst().template();
        return answer(request, path, there, endpoint, allowed, clientGone)
                .exceptionally(Answers::explained)
                .thenCompose(response -> bodyRead(request, response))
                .thenApply(response -> finished(request, response, route, allowed));
    }

    private CompletionStage<HttpResponse> answer(
            HttpRequest request,
            String path,
            List<Endpoint> there,
            Optional<Endpoint> endpoint,
            String allowed,
            CompletionStage<Done> clientGone) {
        if (there.isEmpty()) {
            return error(Errors.request(404, "there is nothing at " + shown(path), null, "not_found"));
        }
        if (endpoint.isPresent()) {
            return admit(request, endpoint.get(), endpoint.get().match(path).orElse(""), clientGone);
        }
        RawHeader allow = RawHeader.create("Allow", allowed);
        if (request.method().equals(HttpMethods.OPTIONS)) {
            return done(HttpResponse.create().withStatus(204).addHeader(allow));
        }
        return error(Errors.request(
                        405,
                        "the method " + request.method().value() + " is not for " + shown(path) + ", but " + allowed,
                        null,
                        "method_not_allowed"))
                .thenApply(response -> response.addHeader(allow));
    }

    private CompletionStage<HttpResponse> admit(
            HttpRequest request, Endpoint endpoint, String rest, CompletionStage<Done> clientGone) {
        Optional<String> authorization = request.getHeader("Authorization").map(HttpHeader::value);
        return switch (admission.identify(endpoint.access(), authorization)) {
            case Identity.Unknown(Errors.Answer answer) -> error(answer);
            case Identity.Known(Tenant tenant) -> {
                Optional<Failure> refused = admission.enter(endpoint.access(), tenant);
                yield refused.isPresent()
                        ? done(Answers.failure(refused.get()))
                        : work(endpoint, new Call(request, rest, tenant, clientGone, trace(endpoint, request)));
            }
        };
    }

    private static TraceSpan trace(Endpoint endpoint, HttpRequest request) {
        return endpoint.access() == Access.WORK
                ? TraceSpan.ofRequest(
                        request.method().value() + " " + endpoint.template(),
                        request.getHeader("traceparent").map(HttpHeader::value).orElse(""))
                : TraceSpan.NONE;
    }

    private CompletionStage<HttpResponse> work(Endpoint endpoint, Call call) {
        return run(endpoint, call).exceptionally(Answers::explained).whenComplete((response, _) -> {
            int status = response.status().intValue();
            call.trace().answered(status);
            response.getAttribute(Call.RUNNING)
                    .map(Call.Running::ended)
                    .orElse(CompletableFuture.completedFuture(Done.getInstance()))
                    .thenRun(() -> {
                        call.trace().end();
                        admission.leave(endpoint.access(), call.tenant());
                    });
        });
    }

    private static CompletionStage<HttpResponse> run(Endpoint endpoint, Call call) {
        try {
            return endpoint.handler().handle(call);
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** An error waits for the request's end: a connection that is closed with unread bytes takes the answer away again. */
    private CompletionStage<HttpResponse> bodyRead(HttpRequest request, HttpResponse response) {
        return response.status().intValue() < 400
                ? done(response)
                : bodies.drain(request).thenApply(_ -> response);
    }

    private HttpResponse finished(HttpRequest request, HttpResponse response, String route, String allowed) {
        metrics.answered(route, request.method().value(), response.status().intValue());
        return cors.decorate(request, response, allowed)
                .addHeader(RawHeader.create("X-Content-Type-Options", "nosniff"));
    }

    private static CompletionStage<HttpResponse> error(Errors.Answer answer) {
        return done(Answers.error(answer));
    }

    private static CompletionStage<HttpResponse> done(HttpResponse response) {
        return CompletableFuture.completedFuture(response);
    }

    private static String allowed(List<Endpoint> there) {
        return there.stream().flatMap(e -> methods(e).stream()).collect(Collectors.joining(", ", "", ", OPTIONS"));
    }

    /** HEAD is a GET whose body Pekko leaves out; not where a GET begins work. */
    private static List<String> methods(Endpoint endpoint) {
        boolean head = endpoint.method().equals(HttpMethods.GET) && endpoint.access() != Access.WORK;
        return head ? List.of("GET", "HEAD") : List.of(endpoint.method().value());
    }

    private static String shown(String path) {
        return path.length() > 100 ? path.substring(0, 100) + "…" : path;
    }
}
