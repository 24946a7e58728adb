package belle.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.settings.ServerSettings;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;

/** What a connection says when the rest of the process is gone already. */
class ProtocolsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /** A client that sees its connection closed asks another gateway; an error it would take for its answer. */
    @Test
    void whoWaitsForAnAnswerThatDoesNotComeAnyMoreIsToldNothing() {
        ActorTestKit ending = ActorTestKit.create();
        ActorTestKit wire = ActorTestKit.create();
        var asked = new CompletableFuture<Done>();
        HttpServer.Handler silent = (_, _) -> {
            asked.complete(Done.getInstance());
            return new CompletableFuture<HttpResponse>();
        };
        var protocols = new Protocols(
                ending.system(), ServerSettings.create(ending.system().classicSystem()));
        CompletionStage<ByteString> told = Source.single(
                        ByteString.fromString("GET / HTTP/1.1\r\nHost: x\r\n\r\n", StandardCharsets.US_ASCII))
                .concat(Source.maybe())
                .via(protocols.either(silent, new CompletableFuture<>()))
                .takeWithin(Duration.ofSeconds(4))
                .toMat(Sink.fold(ByteString.emptyByteString(), ByteString::concat), Keep.right())
                .run(wire.system());
        assertThat(asked).succeedsWithin(PATIENCE);
        ending.shutdownTestKit();
        assertThat(told.toCompletableFuture())
                .succeedsWithin(PATIENCE)
                .satisfies(bytes -> assertThat(bytes.utf8String()).isEmpty());
        wire.shutdownTestKit();
    }
}
