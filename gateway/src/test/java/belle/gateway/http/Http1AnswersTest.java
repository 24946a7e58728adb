package belle.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class Http1AnswersTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final ActorTestKit kit = ActorTestKit.create();
    private final CompletableFuture<Runnable> opened = new CompletableFuture<>();
    private final CompletableFuture<String> answer = new CompletableFuture<>();

    @AfterEach
    void shutDown() {
        kit.shutdownTestKit();
    }

    @Test
    void endsAtOnceWhenNothingIsDue() {
        var told = run(Source.maybe());
        opened.join().run();
        assertThat(told).succeedsWithin(PATIENCE).isEqualTo(List.of());
    }

    @Test
    void endsBehindTheAnswerThatIsDue() throws Exception {
        var told = run(Source.single("question").concat(Source.maybe()));
        opened.get().run();
        Thread.sleep(200);
        assertThat(told).isNotDone();
        answer.complete("answer");
        assertThat(told).succeedsWithin(PATIENCE).isEqualTo(List.of("answer"));
    }

    @Test
    void answersAClientThatSaysNoMore() {
        var told = run(Source.single("question"));
        answer.complete("answer");
        assertThat(told).succeedsWithin(PATIENCE).isEqualTo(List.of("answer"));
    }

    /** Whatever is asked while the connection is being closed is answered, or was not read. */
    @Test
    void answersAllThatItReads() {
        for (int round = 0; round < 200; round++) {
            var close = new CompletableFuture<Runnable>();
            List<Integer> asked = new ArrayList<>();
            var stage = new Http1Answers<Integer, Integer>(
                    request -> {
                        asked.add(request);
                        return CompletableFuture.supplyAsync(() -> request);
                    },
                    close);
            var told = Source.range(0, 100_000)
                    .via(Flow.fromGraph(stage))
                    .toMat(Sink.<Integer>seq(), Keep.right())
                    .run(kit.system())
                    .toCompletableFuture();
            close.join().run();
            assertThat(told).succeedsWithin(PATIENCE).isEqualTo(asked);
        }
    }

    private CompletableFuture<List<String>> run(Source<String, ?> requests) {
        return requests.via(Flow.fromGraph(new Http1Answers<String, String>(_ -> answer, opened)))
                .toMat(Sink.<String>seq(), Keep.right())
                .run(kit.system())
                .toCompletableFuture();
    }
}
