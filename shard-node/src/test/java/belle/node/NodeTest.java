package belle.node;

import static belle.node.NodeStreams.PATIENCE;
import static belle.node.NodeStreams.collect;
import static belle.node.NodeStreams.ids;
import static belle.node.NodeStreams.session;
import static org.assertj.core.api.Assertions.assertThat;

import belle.proto.ChatMessage;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.Prompt;
import belle.proto.SamplingParams;
import belle.proto.node.NodeQuery;
import belle.proto.session.SessionCommand;
import belle.proto.session.StreamEvent;
import belle.runtime.TinyBundles;
import com.typesafe.config.Config;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A whole node in a cluster of one: real sharding, real actors, real kernels. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NodeTest {
    private static final Config CONFIG =
            NodeStreams.config("belle.node.runtime { threads = 1, kv-cache-bytes = 64 MiB }");
    private static final Prompt HELLO = new Prompt.Chat(List.of(new ChatMessage("user", "你好")));

    private final ActorTestKit kit = ActorTestKit.create("belle", CONFIG);
    private Node node;

    @BeforeAll
    void start(@TempDir Path folder) throws Exception {
        var bundle = new BundleSpec(
                TinyBundles.export(TinyBundles.BLOOM, folder), Optional.of("tiny"), BundleSpec.Origin.EMBEDDED);
        node = Node.start(kit.system(), NodeConfig.from(CONFIG), List.of(bundle))
                .toCompletableFuture()
                .get(120, TimeUnit.SECONDS);
    }

    @AfterAll
    void stop() {
        kit.shutdownTestKit();
    }

    @Test
    void listsItsModels() {
        TestProbe<NodeQuery.Models> probe = kit.createTestProbe();
        node.queries().tell(new NodeQuery.ListModels(probe.getRef()));
        var models = probe.receiveMessage(PATIENCE).models();
        assertThat(models).isEqualTo(node.models()).hasSize(1);
        assertThat(models.getFirst().id()).isEqualTo("tiny");
        assertThat(models.getFirst().embedded()).isTrue();
    }

    @Test
    void tokenizesAndBack() {
        TestProbe<NodeQuery.Tokenized> ids = kit.createTestProbe();
        node.queries().tell(new NodeQuery.Tokenize("tiny", new Prompt.Text("今天天气"), ids.getRef()));
        var tokenized = ids.receiveMessage(PATIENCE);
        assertThat(tokenized.failure()).isEmpty();
        TestProbe<NodeQuery.Detokenized> text = kit.createTestProbe();
        node.queries().tell(new NodeQuery.Detokenize("tiny", tokenized.ids(), text.getRef()));
        assertThat(text.receiveMessage(PATIENCE).text()).isEqualTo("今天天气");
        node.queries().tell(new NodeQuery.Tokenize("huge", HELLO, ids.getRef()));
        assertThat(ids.receiveMessage(PATIENCE).failure()).containsInstanceOf(Failure.UnknownModel.class);
    }

    @Test
    void answersAChatAsOneStreamThatEndsOnce() {
        List<StreamEvent> events = chat("a~1", SamplingParams.greedy(40));
        assertThat(events.getFirst()).isInstanceOf(StreamEvent.Accepted.class);
        var indexed = events.stream()
                .skip(1)
                .map(event -> ((StreamEvent.Indexed) event).index())
                .toList();
        assertThat(indexed)
                .containsExactlyElementsOf(
                        LongStream.range(0, indexed.size()).boxed().toList());
        var done = (StreamEvent.Done) events.getLast();
        assertThat(done.usage().completionTokens()).isEqualTo(ids(events).size());
        assertThat(text(events)).isNotBlank();
    }

    @Test
    void answersTheSameInAnotherSessionAndToAReaderThatComesBack() {
        List<StreamEvent> first = chat("b~1", SamplingParams.greedy(30));
        assertThat(ids(chat("c~1", SamplingParams.greedy(30)))).isEqualTo(ids(first));
        TestProbe<StreamEvent> again = kit.createTestProbe();
        session(kit, "b").tell(new SessionCommand.Resume("b~1", 2, 0, 0, again.getRef()));
        assertThat(collect(session(kit, "b"), again).stream().skip(1))
                .containsExactlyElementsOf(first.subList(4, first.size()));
    }

    @Test
    void refusesABrokenBundleInOneLine(@TempDir Path empty) {
        ActorTestKit other = ActorTestKit.create("other", CONFIG);
        try {
            var start = Node.start(other.system(), NodeConfig.from(CONFIG), List.of(BundleSpec.of(empty)));
            assertThat(start.toCompletableFuture())
                    .failsWithin(PATIENCE)
                    .withThrowableOfType(ExecutionException.class)
                    .withCauseInstanceOf(FailureException.class)
                    .withMessageContaining("manifest.json");
        } finally {
            other.shutdownTestKit();
        }
    }

    private List<StreamEvent> chat(String stream, SamplingParams params) {
        TestProbe<StreamEvent> reader = NodeStreams.begin(kit, stream, "tiny", HELLO, params);
        return collect(session(kit, SessionCommand.sessionOf(stream)), reader);
    }

    private static String text(List<StreamEvent> events) {
        StringBuilder text = new StringBuilder();
        for (StreamEvent event : events) {
            if (event instanceof StreamEvent.Delta delta) {
                text.append(delta.text());
            }
        }
        return text.toString();
    }
}
