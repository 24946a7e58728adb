package belle.gateway.http;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.settings.ServerSettings;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.TLSProtocol;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.stream.javadsl.TLSPlacebo;
import org.apache.pekko.stream.javadsl.Tcp;
import org.apache.pekko.util.ByteString;

/**
 * A listening port and its open connections. Whoever started it ends it with {@link #close} or {@link #breakOff}.
 *
 * <p>Pekko's HTTP layer is put on its TCP layer here, and not by {@code newServerAt}, because that one's way to end
 * fails each connection whose answer's head has gone out, whatever of the body is still on its way; and because it tells
 * nobody that a client has hung up while an answer is being made.
 */
public final class HttpServer {
    /** A connection has one request at a time; the next one is read when its answer is on its way. */
    private static final int ANSWERS = 2;

    private final ActorSystem<?> system;
    private final ServerSettings settings;
    private final Router router;
    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
    private final CompletionStage<Tcp.ServerBinding> binding;

    private HttpServer(
            ActorSystem<?> system,
            String host,
            int port,
            ServerSettings settings,
            Duration idleTimeout,
            Router router) {
        this.system = system;
        this.settings = settings;
        this.router = router;
        this.binding = Tcp.get(system)
                .bind(host, port, settings.getBacklog(), settings.getSocketOptions(), false, Optional.of(idleTimeout))
                .mapAsyncUnordered(settings.getMaxConnections(), this::serve)
                .to(Sink.ignore())
                .run(system);
    }

    /** Listens; completes once the port is bound, or fails when it cannot be had. */
    static CompletionStage<HttpServer> start(
            ActorSystem<?> system,
            String host,
            int port,
            ServerSettings settings,
            Duration idleTimeout,
            Router router) {
        var server = new HttpServer(system, host, port, settings, idleTimeout, router);
        return server.binding.thenApply(_ -> server);
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return binding.toCompletableFuture().join().localAddress();
    }

    /**
     * Takes no more connections and closes those that are open, each behind the answer that it is sending. Completes when
     * all are closed; those that are not within the time, because their clients do not read, are broken off.
     */
    public CompletionStage<Done> close(Duration time) {
        return unbind().thenCompose(_ -> {
                    connections.forEach(Connection::close);
                    return allGone().completeOnTimeout(null, time.toMillis(), TimeUnit.MILLISECONDS);
                })
                .thenCompose(_ -> breakOff());
    }

    /** Takes no more connections and breaks all off, in the middle of what they are sending. */
    public CompletionStage<Done> breakOff() {
        return unbind().thenCompose(_ -> {
            connections.forEach(Connection::breakOff);
            return allGone().thenApply(_ -> Done.getInstance());
        });
    }

    private CompletionStage<Done> unbind() {
        // It fails where the whole system ends at the same time, and then the port is free too.
        return binding.thenCompose(Tcp.ServerBinding::unbind).handle((_, _) -> Done.getInstance());
    }

    private CompletableFuture<Void> allGone() {
        return CompletableFuture.allOf(connections.stream()
                .map(connection -> connection.gone().toCompletableFuture())
                .toArray(CompletableFuture[]::new));
    }

    /** Serves a connection. Completes when it is closed, and never fails: its end is its client's matter. */
    private CompletionStage<Done> serve(Tcp.IncomingConnection incoming) {
        var answers = Source.<HttpResponse>queue(ANSWERS).preMaterialize(system);
        var wire = KillSwitches.shared("connection");
        var connection = new Connection(answers.first(), wire);
        connections.add(connection);
        Flow<ByteString, ByteString, NotUsed> bytes = Flow.<ByteString>create()
                .via(wire.flow())
                .via(incoming.flow())
                .watchTermination((unused, closed) -> {
                    closed.whenComplete((_, _) -> connection.hungUp());
                    return unused;
                });
        Flow<TLSProtocol.SslTlsOutbound, TLSProtocol.SslTlsInbound, NotUsed> plain =
                TLSPlacebo.getInstance().join(bytes).map(received -> received);
        Flow<HttpResponse, HttpRequest, NotUsed> http =
                Http.get(system).serverLayer(settings).join(plain);
        var _ = answers.second()
                .via(http)
                .mapAsync(1, request -> {
                    connection.asked();
                    return router.handle(request, connection.gone()).thenApply(response -> {
                        connection.answered(response);
                        return Done.getInstance();
                    });
                })
                .runWith(Sink.ignore(), system);
        return connection.gone().whenComplete((_, _) -> connections.remove(connection));
    }
}
