package belle.node;

import static belle.node.NodeStreams.PATIENCE;
import static belle.node.NodeStreams.collect;
import static belle.node.NodeStreams.ids;
import static belle.node.NodeStreams.session;
import static org.assertj.core.api.Assertions.assertThat;

import belle.proto.ChatMessage;
import belle.proto.Failure;
import belle.proto.Prompt;
import belle.proto.SamplingParams;
import belle.proto.Tokens;
import belle.proto.node.NodeQuery;
import belle.proto.node.NodeQuery.ModelChange;
import belle.proto.node.NodeQuery.ModelStatus;
import belle.proto.session.SessionCommand;
import belle.proto.session.StreamEvent;
import belle.runtime.TinyBundles;
import com.typesafe.config.Config;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A node whose models are loaded, swapped and unloaded while streams run: real sharding, real kernels, two replicas each. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ModelChangesTest {
    private static final Config CONFIG = NodeStreams.config("""
            belle.node.runtime { threads = 2, replicas = 2, kv-cache-bytes = 4 MiB }
            belle.node.retire { grace = 300 ms, poll = 50 ms }
            """);

    /** A stream of it does not end before its reader has taken a part of it. */
    private static final SamplingParams LONGER_THAN_A_WINDOW =
            new SamplingParams(120, 0, 0, 1, 0, 1, 0, 0, Map.of(), 0, -1, List.of(), true, 1);

    private static final Prompt HELLO = new Prompt.Chat(List.of(new ChatMessage("user", "你好")));

    private Path bloom = Path.of("");
    private Path llama = Path.of("");
    private ActorTestKit kit;
    private Node node;

    @BeforeAll
    void export(@TempDir Path folder) throws Exception {
        bloom = TinyBundles.export(TinyBundles.BLOOM, folder.resolve("a"));
        llama = TinyBundles.export(TinyBundles.LLAMA_GQA, folder.resolve("b"));
    }

    @BeforeEach
    void start() throws Exception {
        kit = ActorTestKit.create("belle", CONFIG);
        var bundle = new BundleSpec(bloom, Optional.of("tiny"), BundleSpec.Origin.EMBEDDED);
        node = Node.start(kit.system(), NodeConfig.from(CONFIG), List.of(bundle))
                .toCompletableFuture()
                .get(120, TimeUnit.SECONDS);
    }

    @AfterEach
    void stop() {
        kit.shutdownTestKit();
    }

    @Test
    void aLoadedModelServesWhenItIsUsedAndGoesWhenItIsUnloaded() {
        String bundle = bundle(load(llama, "more", false));
        assertThat(states()).containsExactly("tiny ready", "more loaded");
        assertThat(refusal("more", "a~1")).isInstanceOf(Failure.UnknownModel.class);
        use("more", bundle);
        assertThat(states()).containsExactly("tiny ready", "more ready");
        assertThat(ids(chat("more", "b~1"))).isNotEmpty();
        assertThat(ask(replyTo -> new NodeQuery.RetireModel("more", "", false, replyTo))
                        .failure())
                .isEmpty();
        assertThat(refusal("more", "c~1")).isInstanceOf(Failure.UnknownModel.class);
        awaitStates("tiny ready");
        assertThat(ids(chat("tiny", "d~1"))).isNotEmpty();
    }

    @Test
    void aStreamThatRunsWhileItsModelIsSwappedEndsAsItWouldHave() {
        List<Tokens> old = ids(chat("tiny", "a~1"));
        String bundle = bundle(load(llama, "tiny", true));
        TestProbe<StreamEvent> reader = begin("tiny", "b~1");
        List<StreamEvent> events = new ArrayList<>(List.of(reader.receiveMessage(PATIENCE)));
        use("tiny", bundle);
        List<Tokens> now = ids(chat("tiny", "c~1"));
        assertThat(now).isNotEqualTo(old);
        events.addAll(collect(session(kit, "b"), reader));
        assertThat(ids(events)).isEqualTo(old);
        awaitStates("tiny ready");
        assertThat(ids(chat("tiny", "d~1"))).isEqualTo(now);
    }

    @Test
    void aStreamWhoseReaderIsAwayKeepsItsBundleUntilItIsBack() throws InterruptedException {
        List<Tokens> old = ids(chat("tiny", "a~1"));
        TestProbe<StreamEvent> reader = begin("tiny", "b~1");
        reader.receiveMessage(PATIENCE);
        session(kit, "b").tell(new SessionCommand.Cancel("b~1", 0, 1));
        use("tiny", bundle(load(llama, "tiny", true)));
        Thread.sleep(1000); // longer than the bundle would stay without the stream
        assertThat(states()).containsExactly("tiny retired", "tiny ready");
        TestProbe<StreamEvent> back = kit.createTestProbe();
        session(kit, "b").tell(new SessionCommand.Resume("b~1", -1, 1, 0, back.getRef()));
        assertThat(ids(collect(session(kit, "b"), back, 1))).isEqualTo(old);
        awaitStates("tiny ready");
    }

    @Test
    void aRetiredBundleThatIsLoadedAgainStays() throws InterruptedException {
        String old = node.models().getFirst().bundle();
        TestProbe<StreamEvent> reader = begin("tiny", "a~1");
        assertThat(reader.receiveMessage(PATIENCE)).isInstanceOf(StreamEvent.Accepted.class);
        use("tiny", bundle(load(llama, "tiny", true)));
        assertThat(bundle(load(bloom, "tiny", true))).isEqualTo(old);
        assertThat(ids(collect(session(kit, "a"), reader))).isNotEmpty();
        Thread.sleep(1000); // longer than it would stay if nobody wanted it
        assertThat(states()).containsExactly("tiny loaded", "tiny ready");
        use("tiny", old);
        awaitStates("tiny ready");
        assertThat(ids(chat("tiny", "b~1"))).isNotEmpty();
    }

    @Test
    void aNameThatAnotherBundleHasIsNotLoadedAlsoWithTheOneBefore() {
        use("tiny", bundle(load(llama, "tiny", true)));
        assertThat(load(bloom, "tiny", false).failure().orElseThrow().message()).contains("'tiny'", "swap");
        assertThat(states()).contains("tiny ready").doesNotContain("tiny loaded");
    }

    @Test
    void whatCannotBeChangedIsRefusedAndNothingHasChanged(@TempDir Path empty) {
        assertThat(ask(replyTo -> new NodeQuery.LoadModel("a\0b", "more", false, replyTo))
                        .failure()
                        .orElseThrow()
                        .message())
                .contains("directory");
        assertThat(load(empty, "more", false).failure().orElseThrow().message()).contains("manifest.json");
        assertThat(load(llama, "tiny", false).failure().orElseThrow().message())
                .contains("'tiny'", "served already", "swap");
        assertThat(ask(replyTo -> new NodeQuery.UseModel("tiny", "other", replyTo))
                        .failure()
                        .orElseThrow()
                        .message())
                .contains("'tiny'", "other");
        assertThat(ask(replyTo -> new NodeQuery.RetireModel("tiny", "", false, replyTo))
                        .failure()
                        .orElseThrow()
                        .message())
                .contains("'tiny'", "only model");
        assertThat(ask(replyTo -> new NodeQuery.RetireModel("huge", "", false, replyTo))
                        .failure()
                        .orElseThrow()
                        .message())
                .contains("'huge'", "tiny");
        assertThat(states()).containsExactly("tiny ready");
        assertThat(bundle(load(bloom, "tiny", false)))
                .isEqualTo(node.models().getFirst().bundle());
        assertThat(states()).as("the same bundle again is no other one").containsExactly("tiny ready");
    }

    private ModelChange load(Path directory, String name, boolean replacing) {
        return ask(replyTo -> new NodeQuery.LoadModel(directory.toString(), name, replacing, replyTo));
    }

    private void use(String name, String bundle) {
        assertThat(ask(replyTo -> new NodeQuery.UseModel(name, bundle, replyTo)).failure())
                .isEmpty();
    }

    private static String bundle(ModelChange change) {
        assertThat(change.failure()).isEmpty();
        return change.model().orElseThrow().bundle();
    }

    private ModelChange ask(Function<ActorRef<ModelChange>, NodeQuery> question) {
        TestProbe<ModelChange> probe = kit.createTestProbe();
        node.queries().tell(question.apply(probe.getRef()));
        return probe.receiveMessage(PATIENCE);
    }

    private List<String> states() {
        TestProbe<NodeQuery.NodeStatus> probe = kit.createTestProbe();
        node.queries().tell(new NodeQuery.AskStatus(probe.getRef()));
        List<ModelStatus> models = probe.receiveMessage(PATIENCE).models();
        assertThat(models).allSatisfy(model -> assertThat(model.replicas()).isEqualTo(2));
        return models.stream().map(model -> model.id() + " " + model.state()).toList();
    }

    private void awaitStates(String... states) {
        kit.createTestProbe().awaitAssert(PATIENCE, () -> {
            assertThat(states()).containsExactly(states);
            return states;
        });
    }

    private Failure refusal(String model, String stream) {
        return ((StreamEvent.Refused) begin(model, stream).receiveMessage(PATIENCE)).failure();
    }

    private List<StreamEvent> chat(String model, String stream) {
        return collect(session(kit, SessionCommand.sessionOf(stream)), begin(model, stream));
    }

    private TestProbe<StreamEvent> begin(String model, String stream) {
        return NodeStreams.begin(kit, stream, model, HELLO, LONGER_THAN_A_WINDOW);
    }
}
