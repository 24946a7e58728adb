package belle.gateway.http;

import belle.gateway.http.Connection.Ending;
import belle.gateway.http.HttpServer.Handler;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.ClassicActorSystemProvider;
import org.apache.pekko.event.LoggingAdapter;
import org.apache.pekko.http.impl.engine.http2.Http2;
import org.apache.pekko.http.impl.engine.http2.Http2Blueprint;
import org.apache.pekko.http.impl.engine.http2.NoOpTelemetry$;
import org.apache.pekko.http.impl.engine.http2.ProtocolSwitch;
import org.apache.pekko.http.impl.engine.server.ServerTerminator;
import org.apache.pekko.http.impl.util.StreamUtils;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.settings.ServerSettings;
import org.apache.pekko.http.scaladsl.Http$;
import org.apache.pekko.http.scaladsl.Http.HttpConnectionTerminated$;
import org.apache.pekko.http.scaladsl.Http.HttpTerminated;
import org.apache.pekko.http.scaladsl.HttpExt;
import org.apache.pekko.http.scaladsl.model.HttpRequest;
import org.apache.pekko.stream.TLSProtocol.SslTlsInbound;
import org.apache.pekko.stream.TLSProtocol.SslTlsOutbound;
import org.apache.pekko.stream.javadsl.BidiFlow;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.TLSPlacebo;
import org.apache.pekko.util.ByteString;
import scala.Option;
import scala.concurrent.ExecutionContext;
import scala.concurrent.Future;
import scala.concurrent.duration.Duration;
import scala.concurrent.duration.FiniteDuration;
import scala.jdk.javaapi.DurationConverters;
import scala.jdk.javaapi.FutureConverters;

/**
 * Speaks HTTP/1.1 and HTTP/2 without TLS, told apart by a connection's first bytes (RFC 9113, section 3.3). An offer to go
 * over from the one to the other (Upgrade: h2c) is ignored, as that section allows.
 *
 * <p>The only class that knows Pekko HTTP's inner parts. Of its public ways to listen {@code bindFlow} has no HTTP/2; {@code
 * bind} has it, but its handler never learns that an HTTP/1.1 client has hung up, and it accepts every offered upgrade, also
 * with a body under way.
 */
final class Protocols {
    private final ActorSystem system;
    private final HttpExt http;
    private final org.apache.pekko.http.scaladsl.settings.ServerSettings settings;
    private final LoggingAdapter log;

    Protocols(ClassicActorSystemProvider system, ServerSettings settings) {
        this.system = system.classicSystem();
        this.http = Http$.MODULE$.apply(this.system);
        this.settings = (org.apache.pekko.http.scaladsl.settings.ServerSettings) settings;
        this.log = this.system.log();
    }

    /**
     * What a connection does with a client's bytes. Gives the way to end it once the protocol is known.
     *
     * @param gone completes when the connection is closed
     */
    Flow<ByteString, ByteString, CompletionStage<Ending>> either(Handler handler, CompletionStage<Done> gone) {
        var either = new Flow<>(ProtocolSwitch.byPreface(
                        http1(handler, gone).asScala(), http2(handler, gone).asScala()))
                .mapMaterializedValue(
                        terminator -> FutureConverters.asJava(terminator).thenApply(this::ending));
        @SuppressWarnings({"unchecked", "rawtypes"}) // All that comes in without TLS is bytes.
        BidiFlow<SslTlsOutbound, ByteString, ByteString, SslTlsInbound, NotUsed> plain =
                (BidiFlow) TLSPlacebo.getInstance();
        return either.join(plain)
                .addAttributes(Http$.MODULE$.cancellationStrategyAttributeForDelay(settings.streamCancellationDelay()));
    }

    /** Whoever wants nothing more of what comes in does not end the connection, on which something may be still due. */
    static Flow<ByteString, ByteString, NotUsed> untilClosed() {
        return new Flow<>(StreamUtils.delayCancellation(Duration.Inf()));
    }

    private Ending ending(ServerTerminator terminator) {
        return time -> {
            var _ = terminator.terminate(DurationConverters.toScala(time), system.dispatcher());
        };
    }

    private Flow<SslTlsInbound, SslTlsOutbound, ServerTerminator> http1(Handler handler, CompletionStage<Done> gone) {
        var opened = new CompletableFuture<Runnable>();
        gone.thenRun(() -> close(opened));
        Flow<HttpRequest, org.apache.pekko.http.scaladsl.model.HttpResponse, NotUsed> answering = Flow.fromGraph(
                new Http1Answers<>(request -> handler.handle(request, gone).thenApply(Protocols::scala), opened));
        return answering
                .join(new BidiFlow<>(http.serverLayer(settings, Option.empty(), log, false)))
                .mapMaterializedValue(_ -> terminator(opened, gone));
    }

    private Flow<SslTlsInbound, SslTlsOutbound, ServerTerminator> http2(Handler handler, CompletionStage<Done> gone) {
        return Flow.<HttpRequest>create()
                .mapAsyncUnordered(
                        settings.http2Settings().maxConcurrentStreams(),
                        request -> numbered(handler, request, gone).thenApply(Protocols::scala))
                .joinMat(
                        new BidiFlow<>(Http2Blueprint.serverStackTls(
                                settings, log, NoOpTelemetry$.MODULE$, http.dateHeaderRendering())),
                        Keep.right());
    }

    /** An answer of HTTP/2 says which of its connection's requests it belongs to. */
    private CompletionStage<HttpResponse> numbered(Handler handler, HttpRequest request, CompletionStage<Done> gone) {
        Optional<Object> stream = request.getAttribute(Http2.streamId());
        return CompletableFuture.supplyAsync(() -> handler.handle(request, gone), system.dispatcher())
                .thenCompose(answer -> answer)
                .thenApply(response -> response.addAttribute(Http2.streamId(), stream.orElseThrow()));
    }

    private static void close(CompletableFuture<Runnable> opened) {
        var _ = opened.thenAccept(Runnable::run);
    }

    private static ServerTerminator terminator(CompletableFuture<Runnable> opened, CompletionStage<Done> gone) {
        return new ServerTerminator() {
            @Override
            public Future<HttpTerminated> terminate(FiniteDuration within, ExecutionContext executor) {
                close(opened);
                return FutureConverters.asScala(gone.thenApply(_ -> HttpConnectionTerminated$.MODULE$));
            }
        };
    }

    private static org.apache.pekko.http.scaladsl.model.HttpResponse scala(HttpResponse response) {
        return (org.apache.pekko.http.scaladsl.model.HttpResponse) response;
    }
}
