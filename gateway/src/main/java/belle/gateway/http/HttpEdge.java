package belle.gateway.http;

import static belle.gateway.http.Endpoint.Access.KEY;
import static belle.gateway.http.Endpoint.Access.OPEN;
import static belle.gateway.http.Endpoint.Access.WORK;
import static org.apache.pekko.http.javadsl.model.HttpMethods.DELETE;
import static org.apache.pekko.http.javadsl.model.HttpMethods.GET;
import static org.apache.pekko.http.javadsl.model.HttpMethods.POST;

import belle.gateway.stream.ModelDirectory;
import belle.gateway.stream.Streams;
import belle.proto.Failure;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.ServerBinding;
import org.apache.pekko.http.javadsl.model.headers.ProductVersion;
import org.apache.pekko.http.javadsl.model.headers.Server;
import org.apache.pekko.http.javadsl.settings.ServerSettings;
import org.apache.pekko.io.TcpSO;
import scala.concurrent.duration.Duration;

/** Wires the HTTP server by hand; {@link #endpoints} is its table of contents. */
public final class HttpEdge {
    private HttpEdge() {}

    /** Listens; completes with the binding, or fails when the port cannot be had. */
    public static CompletionStage<ServerBinding> bind(
            ActorSystem<?> system,
            String host,
            int port,
            HttpConfig config,
            TenantConfig tenants,
            ModelDirectory directory,
            Streams streams,
            BooleanSupplier draining) {
        Metrics metrics = Metrics.start(system.settings().config(), config.metricsTick());
        Bodies bodies = new Bodies(config, system);
        Router router = new Router(
                endpoints(system, config, directory, streams, draining, metrics, bodies),
                new Tenants(tenants, System::nanoTime),
                bodies,
                new Cors(config.corsOrigins()),
                metrics,
                draining);
        return Listener.bind(system, host, port, settings(system, config), router::handle);
    }

    private static List<Endpoint> endpoints(
            ActorSystem<?> system,
            HttpConfig config,
            ModelDirectory directory,
            Streams streams,
            BooleanSupplier draining,
            Metrics metrics,
            Bodies bodies) {
        var models = new ModelHandlers(directory, bodies, system, config.bodyTimeout());
        var answers = new StreamAnswers(system, metrics, config.keepAlive());
        var generation = new GenerationHandler(
                directory, models, bodies, streams, answers, InstantSource.system(), new SecureRandom());
        var resume = new ResumeHandler(streams, answers);
        var sessions = new SessionHandlers(streams);
        var state = new StateHandlers(directory, draining, metrics);
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
        var timeouts = defaults.getTimeouts()
                .withRequestTimeout(Duration.Inf())
                .withIdleTimeout(Duration.fromNanos(config.idleTimeout().toNanos()));
        return defaults.withServerHeader(Optional.of(Server.create(ProductVersion.create("belle", ""))))
                .withMaxConnections(config.maxConnections())
                // As many may come at once as may be there: a shorter line lets the kernel reset those behind its end.
                .withBacklog(config.maxConnections())
                .withSocketOptions(List.of(TcpSO.tcpNoDelay(true), TcpSO.sendBufferSize(config.sendBufferBytes())))
                .withParsingErrorHandler(ProtocolErrors.class.getName())
                .withTimeouts(timeouts)
                .withTerminationDeadlineExceededResponse(
                        Answers.failure(new Failure.Unavailable("the server is shutting down")))
                .withVerboseErrorMessages(false);
    }
}
