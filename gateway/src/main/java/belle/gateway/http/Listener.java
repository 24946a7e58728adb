package belle.gateway.http;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.ClassicActorSystemProvider;
import org.apache.pekko.event.LoggingAdapter;
import org.apache.pekko.http.impl.engine.HttpConnectionIdleTimeoutBidi;
import org.apache.pekko.http.impl.engine.http2.Http2;
import org.apache.pekko.http.impl.engine.http2.Http2Blueprint;
import org.apache.pekko.http.impl.engine.http2.NoOpTelemetry$;
import org.apache.pekko.http.impl.engine.http2.ProtocolSwitch;
import org.apache.pekko.http.impl.engine.server.GracefulTerminatorStage;
import org.apache.pekko.http.impl.engine.server.MasterServerTerminator;
import org.apache.pekko.http.impl.engine.server.ServerTerminator;
import org.apache.pekko.http.javadsl.ServerBinding;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.settings.ServerSettings;
import org.apache.pekko.http.scaladsl.Http;
import org.apache.pekko.http.scaladsl.Http$;
import org.apache.pekko.http.scaladsl.HttpExt;
import org.apache.pekko.stream.TLSProtocol.SslTlsInbound;
import org.apache.pekko.stream.TLSProtocol.SslTlsOutbound;
import org.apache.pekko.stream.javadsl.BidiFlow;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.TLSPlacebo;
import org.apache.pekko.stream.javadsl.Tcp;
import org.apache.pekko.util.ByteString;
import scala.Option;
import scala.jdk.javaapi.FutureConverters;

/**
 * Listens on one port for HTTP/1.1 and for HTTP/2 without TLS, told apart by a connection's first bytes (RFC 9113, section
 * 3.3). An offer to go over from the one to the other (Upgrade: h2c) is ignored, as that section allows.
 *
 * <p>The only class that knows Pekko HTTP's inner parts. Of its public ways to listen {@code bindFlow} has no HTTP/2; {@code
 * bind} has it, but its handler never learns that an HTTP/1.1 client has hung up, and it accepts every offered upgrade, also
 * with a body under way.
 */
final class Listener {
    /** Answers one request; {@code clientGone} completes when its connection closes. */
    interface Handler {
        CompletionStage<HttpResponse> handle(HttpRequest request, CompletionStage<Done> clientGone);
    }

    private final ActorSystem system;
    private final HttpExt http;
    private final org.apache.pekko.http.scaladsl.settings.ServerSettings settings;
    private final LoggingAdapter log;
    private final Handler handler;
    private final MasterServerTerminator terminator;

    private Listener(ActorSystem system, ServerSettings settings, Handler handler) {
        this.system = system;
        this.http = Http$.MODULE$.apply(system);
        this.settings = (org.apache.pekko.http.scaladsl.settings.ServerSettings) settings;
        this.log = system.log();
        this.handler = handler;
        this.terminator = new MasterServerTerminator(log);
    }

    /** Listens; completes with the binding, or fails when the port cannot be had. */
    static CompletionStage<ServerBinding> bind(
            ClassicActorSystemProvider system, String host, int port, ServerSettings settings, Handler handler) {
        return new Listener(system.classicSystem(), settings, handler).bind(host, port);
    }

    private CompletionStage<ServerBinding> bind(String host, int port) {
        return Tcp.get(system)
                .bind(host, port, settings.backlog(), settings.getSocketOptions(), false, Optional.empty())
                .mapAsyncUnordered(settings.maxConnections(), this::serve)
                .to(Sink.ignore())
                .run(system)
                .thenApply(this::binding);
    }

    private ServerBinding binding(Tcp.ServerBinding tcp) {
        return new ServerBinding(new Http.ServerBinding(
                tcp.localAddress(),
                () -> FutureConverters.asScala(tcp.unbind()),
                within -> terminator.terminate(within, system.dispatcher())));
    }

    /** Serves one connection; completes when it is closed, and never fails. */
    private CompletionStage<Done> serve(Tcp.IncomingConnection connection) {
        var idle = new BidiFlow<>(HttpConnectionIdleTimeoutBidi.apply(
                settings.getTimeouts().idleTimeout(), Option.apply(connection.remoteAddress())));
        return bytes().watchTermination((terminating, closed) -> {
                    terminating.thenAccept(one -> {
                        terminator.registerConnection(one, system.dispatcher());
                        closed.whenComplete((_, _) -> terminator.removeConnection(one));
                    });
                    return closed;
                })
                .join(idle.join(connection.flow()))
                .addAttributes(Http$.MODULE$.cancellationStrategyAttributeForDelay(settings.streamCancellationDelay()))
                .run(system)
                .exceptionally(_ -> Done.getInstance());
    }

    private Flow<ByteString, ByteString, CompletionStage<ServerTerminator>> bytes() {
        var either = new Flow<>(ProtocolSwitch.byPreface(http1().asScala(), http2().asScala()))
                .mapMaterializedValue(FutureConverters::asJava);
        @SuppressWarnings({"unchecked", "rawtypes"}) // All that comes in without TLS is bytes.
        BidiFlow<SslTlsOutbound, ByteString, ByteString, SslTlsInbound, NotUsed> plain =
                (BidiFlow) TLSPlacebo.getInstance();
        return either.join(plain);
    }

    private Flow<SslTlsInbound, SslTlsOutbound, ServerTerminator> http1() {
        var server = new BidiFlow<>(GracefulTerminatorStage.apply(system, settings))
                .atop(new BidiFlow<>(http.serverLayer(settings, Option.empty(), log, false)));
        return requests(1).joinMat(server, Keep.right());
    }

    private Flow<SslTlsInbound, SslTlsOutbound, ServerTerminator> http2() {
        var server = new BidiFlow<>(
                Http2Blueprint.serverStackTls(settings, log, NoOpTelemetry$.MODULE$, http.dateHeaderRendering()));
        return requests(settings.http2Settings().maxConcurrentStreams()).joinMat(server, Keep.right());
    }

    /** One flow per connection, so that its requests can learn when the client has hung up. */
    private Flow<org.apache.pekko.http.scaladsl.model.HttpRequest, org.apache.pekko.http.scaladsl.model.HttpResponse, ?>
            requests(int atOnce) {
        return Flow.fromMaterializer((_, _) -> {
            var gone = new CompletableFuture<Done>();
            return Flow.<org.apache.pekko.http.scaladsl.model.HttpRequest>create()
                    .watchTermination((unused, done) -> {
                        done.whenComplete((_, _) -> gone.complete(Done.getInstance()));
                        return unused;
                    })
                    .mapAsyncUnordered(
                            atOnce,
                            request -> answer(request, gone)
                                    .thenApply(org.apache.pekko.http.scaladsl.model.HttpResponse.class::cast));
        });
    }

    /** An answer says which of its connection's requests it belongs to; in HTTP/1.1 there is one at a time. */
    private CompletionStage<HttpResponse> answer(HttpRequest request, CompletionStage<Done> gone) {
        Optional<Object> stream = request.getAttribute(Http2.streamId());
        return stream.isEmpty()
                ? handler.handle(request, gone)
                : CompletableFuture.supplyAsync(() -> handler.handle(request, gone), system.dispatcher())
                        .thenCompose(answer -> answer)
                        .thenApply(response -> response.addAttribute(Http2.streamId(), stream.get()));
    }
}
