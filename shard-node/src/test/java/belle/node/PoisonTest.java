package belle.node;

import static belle.node.NodeStreams.collect;
import static belle.node.NodeStreams.ids;
import static belle.node.NodeStreams.session;
import static org.assertj.core.api.Assertions.assertThat;

import belle.proto.Failure;
import belle.proto.Prompt;
import belle.proto.SamplingParams;
import belle.proto.Tokens;
import belle.proto.session.StreamEvent;
import belle.runtime.TinyBundles;
import com.typesafe.config.Config;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A request that crashes the ranks whenever it is computed ends alone: the streams beside it end as they would have. */
class PoisonTest {
    private static final int POISON = 77;
    private static final int OTHERS = 5;

    /** Steps take a while, so that the others are under way when the poison comes. */
    private static final Config CONFIG = NodeStreams.config("""
            belle.node.planted-faults { poison-token = %d, min-step = 5 ms }
            belle.node.runtime { threads = 1, kv-cache-bytes = 4 MiB }
            """.formatted(POISON));

    private final ActorTestKit kit = ActorTestKit.create("belle", CONFIG);

    @Test
    void takesNoOtherStreamAlong(@TempDir Path folder) throws Exception {
        try {
            var bundle = BundleSpec.of(TinyBundles.export(TinyBundles.BLOOM, folder));
            String model = Node.start(kit.system(), NodeConfig.from(CONFIG), List.of(bundle))
                    .toCompletableFuture()
                    .get(120, TimeUnit.SECONDS)
                    .models()
                    .getFirst()
                    .id();
            List<List<Tokens>> alone = new ArrayList<>();
            for (int other = 0; other < OTHERS; other++) {
                alone.add(ids(end("alone" + other, begin(model, "alone" + other, prompt(other)))));
            }
            List<TestProbe<StreamEvent>> readers = new ArrayList<>();
            for (int other = 0; other < OTHERS; other++) {
                readers.add(begin(model, "beside" + other, prompt(other)));
            }
            List<StreamEvent> poisoned = end("poison", begin(model, "poison", Tokens.of(5, POISON, 6)));
            assertThat(poisoned.getLast())
                    .isInstanceOfSatisfying(
                            StreamEvent.Failed.class,
                            failed -> assertThat(failed.failure()).isInstanceOf(Failure.Internal.class));
            for (int other = 0; other < OTHERS; other++) {
                List<StreamEvent> events = end("beside" + other, readers.get(other));
                assertThat(events.getLast()).isInstanceOf(StreamEvent.Done.class);
                assertThat(ids(events)).isEqualTo(alone.get(other));
            }
        } finally {
            kit.shutdownTestKit();
        }
    }

    private static Tokens prompt(int number) {
        return Tokens.of(10 + number, 20 + number, 30);
    }

    private TestProbe<StreamEvent> begin(String model, String session, Tokens prompt) {
        return NodeStreams.begin(kit, session + "~1", model, new Prompt.Ids(prompt), SamplingParams.greedy(150));
    }

    private List<StreamEvent> end(String session, TestProbe<StreamEvent> reader) {
        return collect(session(kit, session), reader);
    }
}
