package belle.cluster;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.Directives;
import org.apache.pekko.http.javadsl.server.PathMatchers;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.management.javadsl.ManagementRouteProvider;
import org.apache.pekko.management.javadsl.ManagementRouteProviderSettings;

/**
 * What belle adds to the management endpoint:
 *
 * <pre>
 * GET  /                                   the cluster, as a page
 * GET  /belle/status                       the same as JSON
 * POST /belle/members/HOST:PORT/drain      has a member finish or hand over its streams and leave
 * POST /belle/models/CHANGE                see {@link ModelRoutes}
 * GET  /health/live                        503 when a step of this process's node makes no progress
 * GET  /health/ready                       200 when this process takes requests
 * GET  /metrics                            what a node counts; a gateway has its page at its public port
 * </pre>
 */
public final class StatusRoutes implements ManagementRouteProvider {
    private static final ObjectMapper JSON = new ObjectMapper().registerModule(new Jdk8Module());
    private static final String STALLED = "stalled";

    private static final ContentType METRICS = ContentTypes.parse("text/plain; version=0.0.4; charset=utf-8");

    private final ClusterView view;
    private final ModelRoutes models;
    private final Optional<NodeMetrics> metrics;

    StatusRoutes(ExtendedActorSystem system) {
        view = new ClusterView(Adapter.toTyped(system));
        models = new ModelRoutes(Adapter.toTyped(system));
        metrics =
                view.hasNode() ? Optional.of(NodeMetrics.start(system.settings().config())) : Optional.empty();
    }

    @Override
    public Route routes(ManagementRouteProviderSettings settings) {
        var drain = PathMatchers.segment("belle")
                .slash("members")
                .slash(PathMatchers.segment())
                .slash("drain");
        return Directives.concat(
                Directives.get(() -> Directives.concat(
                        Directives.pathSingleSlash(() -> answer(page())),
                        Directives.path(PathMatchers.segment("belle").slash("status"), () -> answer(status())),
                        Directives.path(PathMatchers.segment("health").slash("live"), () -> answer(live())),
                        Directives.path(PathMatchers.segment("health").slash("ready"), () -> answer(ready())),
                        metrics.map(counted -> Directives.path("metrics", () -> Directives.complete(page(counted))))
                                .orElseGet(Directives::reject))),
                Directives.post(() ->
                        guarded(() -> Directives.concat(Directives.path(drain, this::drained), models.routes()))));
    }

    private static Route answer(CompletionStage<HttpResponse> response) {
        return Directives.completeWithFuture(response);
    }

    private CompletionStage<HttpResponse> page() {
        return view.collect()
                .thenApply(status -> HttpResponse.create()
                        .withEntity(HttpEntities.create(ContentTypes.TEXT_HTML_UTF8, StatusPage.of(status))));
    }

    private static HttpResponse page(NodeMetrics counted) {
        return HttpResponse.create()
                .withEntity(HttpEntities.create(METRICS, counted.page().getBytes(StandardCharsets.UTF_8)));
    }

    private CompletionStage<HttpResponse> status() {
        return view.collect().thenApply(status -> json(200, status));
    }

    /** The header cannot be sent by a page of another site, so no browser drains a node behind its user's back. */
    private static Route guarded(Supplier<Route> route) {
        return Directives.optionalHeaderValueByName(
                "X-Belle",
                header -> header.isEmpty()
                        ? Directives.complete(json(403, Map.of("error", "the header X-Belle is missing")))
                        : route.get());
    }

    private Route drained(String member) {
        return Directives.complete(
                view.drain(member)
                        ? json(202, Map.of("draining", member))
                        : json(404, Map.of("error", "no member is " + member)));
    }

    /** A node that still opens its bundles lives; one whose step hangs is best started again. */
    private CompletionStage<HttpResponse> live() {
        if (!view.hasNode()) {
            return CompletableFuture.completedFuture(state(200, "live"));
        }
        return view.self().thenApply(node -> {
            Optional<String> stalled = node.flatMap(status -> status.models().stream()
                    .filter(model -> model.state().equals(STALLED))
                    .map(model -> model.id())
                    .findFirst());
            return stalled.map(model -> state(503, "a step of " + model + " makes no progress"))
                    .orElse(state(200, "live"));
        });
    }

    private CompletionStage<HttpResponse> ready() {
        if (!view.hasNode()) {
            return CompletableFuture.completedFuture(view.isUp() ? state(200, "ready") : state(503, "joining"));
        }
        return view.self()
                .thenApply(node -> node.filter(status -> status.ready()).isPresent()
                        ? state(200, "ready")
                        : state(503, "not ready"));
    }

    private static HttpResponse state(int code, String status) {
        return json(code, Map.of("status", status));
    }

    static HttpResponse json(int code, Object value) {
        try {
            return HttpResponse.create()
                    .withStatus(code)
                    .withEntity(HttpEntities.create(ContentTypes.APPLICATION_JSON, JSON.writeValueAsBytes(value)));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("not printable as JSON: " + value.getClass(), e);
        }
    }
}
