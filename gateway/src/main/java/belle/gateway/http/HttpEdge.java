package belle.gateway.http;

import static belle.gateway.work.Admission.Access.KEY;
import static belle.gateway.work.Admission.Access.OPEN;
import static belle.gateway.work.Admission.Access.WORK;
import static org.apache.pekko.http.javadsl.model.HttpMethods.DELETE;
import static org.apache.pekko.http.javadsl.model.HttpMethods.GET;
import static org.apache.pekko.http.javadsl.model.HttpMethods.POST;

import belle.gateway.grpc.GrpcEdge;
import belle.gateway.stream.ModelDirectory;
import belle.gateway.stream.Streams;
import belle.gateway.work.Admission;
import belle.gateway.work.Generations;
import belle.gateway.work.Metrics;
import belle.gateway.work.Models;
import belle.gateway.work.Readiness;
import belle.gateway.work.Sessions;
import belle.gateway.work.Shared;
import belle.gateway.work.TenantConfig;
import belle.gateway.work.Tenants;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.model.headers.ProductVersion;
import org.apache.pekko.http.javadsl.model.headers.Server;
import org.apache.pekko.http.javadsl.settings.ServerSettings;
import org.apache.pekko.io.TcpSO;
import scala.concurrent.duration.Duration;

/** Wires the HTTP server by hand; {@link #endpoints} is its table of contents. */
public final class HttpEdge {
    private HttpEdge() {}

    /** Listens; completes with the binding, or fails when the port cannot be had. */
    public static CompletionStage<HttpServer> bind(
            ActorSystem<?> system,
            String host,
            int port,
            HttpConfig config,
            TenantConfig tenants,
            ModelDirectory directory,
            Streams streams,
            BooleanSupplier draining) {
        Metrics metrics = Metrics.start(system.settings().config(), config.metricsTick());
        var models = new Models(directory, system, config.bodyTimeout());
        var generations = new Generations(models, streams, metrics, InstantSource.system(), new SecureRandom());
        var shared = new Shared(
                new Admission(new Tenants(tenants, System::nanoTime), draining),
                new Readiness(directory, draining),
                models,
                generations,
                new Sessions(streams),
                metrics);
        var bodies = new Bodies(config, system);
        var router = new Router(
                endpoints(shared, bodies, new StreamAnswers(system, metrics, config.keepAlive())),
                shared.admission(),
                bodies,
                new Cors(config.corsOrigins()),
                metrics);
        var grpc = new GrpcEdge(system, shared, bodies::whole, config.maxRequestBytes());
        return HttpServer.start(
                system,
                host,
                port,
                settings(system, config),
                config.idleTimeout(),
                (request, gone) -> GrpcEdge.isCall(request) ? grpc.handle(request) : router.handle(request, gone));
    }

    private static List<Endpoint> endpoints(Shared shared, Bodies bodies, StreamAnswers answers) {
        var models = new ModelHandlers(shared.models(), bodies);
        var generation = new GenerationHandler(shared.generations(), bodies, answers);
        var resume = new ResumeHandler(shared.generations(), answers);
        var sessions = new SessionHandlers(shared.sessions());
        var state = new StateHandlers(shared.readiness(), shared.metrics());
        List<Endpoint> endpoints = new ArrayList<>(List.of(
                new Endpoint(POST, "/v1/chat/completions", WORK, generation::chat),
                new Endpoint(POST, "/v1/completions", WORK, generation::completion),
                new Endpoint(GET, "/v1/streams/{stream}", WORK, resume::resume),
                new Endpoint(GET, "/v1/sessions/{session}", KEY, sessions::show),
                new Endpoint(DELETE, "/v1/sessions/{session}", KEY, sessions::delete),
                new Endpoint(GET, "/v1/models", KEY, models::models),
                new Endpoint(GET, "/v1/models/{model}", KEY, models::model),
                new Endpoint(POST, "/tokenize", KEY, models::tokenize),
                new Endpoint(POST, "/detokenize", KEY, models::detokenize),
                new Endpoint(GET, "/health/live", OPEN, state::live),
                new Endpoint(GET, "/health/ready", OPEN, state::ready),
                new Endpoint(GET, "/metrics", OPEN, state::metrics),
                new Endpoint(GET, "/openapi.json", OPEN, state::openApi)));
        endpoints.addAll(PageFiles.endpoints());
        return endpoints;
    }

    private static ServerSettings settings(ActorSystem<?> system, HttpConfig config) {
        ServerSettings defaults = ServerSettings.create(system.settings().config());
        // A whole answer may take minutes to generate; the engine bounds it, not the clock.
        var timeouts = defaults.getTimeouts().withRequestTimeout(Duration.Inf());
        return defaults.withServerHeader(Optional.of(Server.create(ProductVersion.create("belle", ""))))
                .withMaxConnections(config.maxConnections())
                // Where nothing is due no write would fail: an answer to a ping tells that the client is still there.
                .withHttp2Settings(defaults.getHttp2Settings().withPingInterval(config.keepAlive()))
                // As many may come at once as may be there: a shorter line lets the kernel reset those behind its end.
                .withBacklog(config.maxConnections())
                .withSocketOptions(List.of(TcpSO.tcpNoDelay(true), TcpSO.sendBufferSize(config.sendBufferBytes())))
                .withParsingErrorHandler(ProtocolErrors.class.getName())
                .withTimeouts(timeouts)
                .withVerboseErrorMessages(false);
    }
}
