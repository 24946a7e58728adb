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
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.settings.ServerSettings;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Tcp;
import org.apache.pekko.util.ByteString;

/**
 * A listening port and its open connections. Whoever started it ends it with {@link #close} or {@link #breakOff}.
 *
 * <p>Not Pekko HTTP's {@code newServerAt}, whose way to end fails each connection whose answer's head has gone out, whatever
 * of the body is still on its way; see also {@link Protocols}.
 */
public final class HttpServer {
    /** Answers one request, and never fails; {@code clientGone} completes when its connection closes. */
    interface Handler {
        CompletionStage<HttpResponse> handle(HttpRequest request, CompletionStage<Done> clientGone);
    }

    private final ActorSystem<?> system;
    private final Protocols protocols;
    private final Handler handler;
    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
    private final CompletionStage<Tcp.ServerBinding> binding;

    /** A connection that was accepted while the port was being given up is not served. */
    private volatile boolean closing;

    private HttpServer(
            ActorSystem<?> system,
            String host,
            int port,
            ServerSettings settings,
            Duration idleTimeout,
            Handler handler) {
        this.system = system;
        this.protocols = new Protocols(system, settings);
        this.handler = handler;
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
            Handler handler) {
        var server = new HttpServer(system, host, port, settings, idleTimeout, handler);
        return server.binding.thenApply(_ -> server);
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return binding.toCompletableFuture().join().localAddress();
    }

    /**
     * Takes no more connections and closes those that are open, each behind the answers that it is sending. Completes when
     * all are closed; those that are not within the time, because their clients do not read, are broken off.
     */
    public CompletionStage<Done> close(Duration time) {
        return unbind().thenCompose(_ -> {
                    connections.forEach(connection -> connection.close(time));
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
        return binding.thenCompose(Tcp.ServerBinding::unbind).handle((_, _) -> {
            closing = true;
            return Done.getInstance();
        });
    }

    private CompletableFuture<Void> allGone() {
        return CompletableFuture.allOf(connections.stream()
                .map(connection -> connection.gone().toCompletableFuture())
                .toArray(CompletableFuture[]::new));
    }

    /** Serves a connection. Completes when it is closed, and never fails: its end is its client's matter. */
    private CompletionStage<Done> serve(Tcp.IncomingConnection incoming) {
        var wire = KillSwitches.shared("connection");
        var gone = new CompletableFuture<Done>();
        Flow<ByteString, ByteString, ?> bytes = Flow.<ByteString>create()
                .via(wire.flow())
                .via(incoming.flow())
                .watchTermination((unused, closed) -> {
                    closed.whenComplete((_, _) -> gone.complete(Done.getInstance()));
                    return unused;
                })
                .via(Protocols.untilClosed());
        var ending = protocols.either(handler, gone).joinMat(bytes, Keep.left()).run(system);
        var connection = new Connection(ending, wire, gone);
        connections.add(connection);
        if (closing) {
            connection.breakOff();
        }
        return gone.whenComplete((_, _) -> connections.remove(connection));
    }
}
