package belle.replica;

import static org.assertj.core.api.Assertions.assertThat;

import belle.engine.EngineConfig;
import belle.engine.GenerationRequest;
import belle.engine.Logits;
import belle.engine.ModelFacts;
import belle.engine.Output;
import belle.engine.Slice;
import belle.engine.Step;
import belle.engine.TokenBytes;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.SamplingParams;
import belle.proto.Tokens;
import belle.proto.bundle.KvType;
import belle.replica.BatchActor.Event;
import belle.runtime.KvLayout;
import belle.runtime.RanksLost;
import belle.runtime.StepRunner;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A replica's actors around a model that always continues {@code n} with {@code n + 1}. */
class ReplicaTest {
    private static final int VOCABULARY = 16;

    private final ActorTestKit kit = ActorTestKit.create();
    private final TestProbe<ReplicaReport> node = kit.createTestProbe();
    private final TestProbe<Event> session = kit.createTestProbe();
    private final CountingRunner runner = new CountingRunner();
    private final ActorRef<KvCacheActor.Command> replica =
            kit.spawn(KvCacheActor.create(parts(runner), node.getRef()), "replica");
    private ActorRef<BatchActor.Command> batch = kit.system().ignoreRef();

    @BeforeEach
    void build() {
        batch = ((ReplicaReport.Built) node.receiveMessage()).batch();
    }

    @AfterEach
    void stop() {
        kit.shutdownTestKit();
    }

    @Test
    void streamsWhatTheModelGives() {
        submit("a", 1, 4);
        assertThat(session.receiveMessage()).isEqualTo(new BatchActor.Admitted("a", 1));
        assertThat(idsToTheEnd()).containsExactly(4, 5, 6, 7);
    }

    @Test
    void endsTheStreamsOfAFailedStepAndGoesOn() {
        runner.next.set(Mishap.DEVICE_FAULT);
        submit("a", 1, 4);
        assertThat(session.receiveMessage()).isInstanceOf(BatchActor.Admitted.class);
        var produced = (BatchActor.Produced) session.receiveMessage();
        assertThat(produced.outputs())
                .singleElement()
                .isInstanceOfSatisfying(
                        Output.Failed.class,
                        failed -> assertThat(failed.failure()).isEqualTo(new Failure.Internal("device lost")));
        submit("b", 1, 2);
        session.receiveMessage();
        assertThat(idsToTheEnd()).containsExactly(4, 5);
    }

    @Test
    void theStreamsOfAFailedStepMayTryAgainWhereItCanBeTheFaultOfAnother() throws InterruptedException {
        runner.gate.acquire();
        TestProbe<Event> a = submit("a", false);
        TestProbe<Event> b = submit("b", false);
        runner.afterThis.set(Mishap.DEVICE_FAULT);
        runner.gate.release();
        assertThat(a.receiveMessage()).isInstanceOf(BatchActor.Produced.class);
        assertThat(a.receiveMessage()).isEqualTo(new BatchActor.Lost("a", 1, true));
        assertThat(b.receiveMessage()).isEqualTo(new BatchActor.Lost("b", 1, true));
        submit("a", 2, 4);
        session.receiveMessage();
        assertThat(idsToTheEnd()).containsExactly(4, 5, 6, 7);
    }

    @Test
    void onlyTheStreamsOfTheStepThatTheRanksWereLostInAreSuspected() throws InterruptedException {
        runner.gate.acquire();
        TestProbe<Event> a = submit("a", false);
        TestProbe<Event> b = submit("b", false);
        runner.next.set(Mishap.RANKS_LOST);
        runner.gate.release();
        assertThat(a.receiveMessage()).isEqualTo(new BatchActor.Lost("a", 1, true));
        assertThat(b.receiveMessage()).isEqualTo(new BatchActor.Lost("b", 1, false));
    }

    @Test
    void ranksThatCannotBeStartedAreNoStreamsFaultAloneAndEveryStreamCountsIt() throws InterruptedException {
        runner.gate.acquire();
        TestProbe<Event> a = submit("a", false);
        TestProbe<Event> b = submit("b", false);
        runner.next.set(Mishap.RANKS_NOT_STARTED);
        runner.gate.release();
        assertThat(a.receiveMessage()).isEqualTo(new BatchActor.Lost("a", 1, true));
        assertThat(b.receiveMessage()).isEqualTo(new BatchActor.Lost("b", 1, true));
    }

    @Test
    void aSuspectIsComputedAloneUntilItHasGotOn() throws InterruptedException {
        runner.gate.acquire();
        TestProbe<Event> a = submit("a", false);
        TestProbe<Event> suspect = submit("s", true);
        runner.gate.release();
        for (TestProbe<Event> each : List.of(a, suspect)) {
            assertThat(idsToTheEnd(each)).containsExactly(4, 5, 6, 7, 8, 9);
        }
        assertThat(runner.steps.subList(0, 3)).containsExactly(Set.of("a#1"), Set.of("s#1"), Set.of("a#1", "s#1"));
    }

    @Test
    void aSuspectWhoseReaderIsSlowHoldsUpNobody() throws InterruptedException {
        runner.gate.acquire();
        TestProbe<Event> a = submit("a", false);
        TestProbe<Event> suspect = submit("s", true);
        batch.tell(new BatchActor.Pause("s", 1));
        runner.gate.release();
        assertThat(idsToTheEnd(a)).containsExactly(4, 5, 6, 7, 8, 9);
        suspect.expectNoMessage();
        batch.tell(new BatchActor.Resume("s", 1));
        assertThat(idsToTheEnd(suspect)).containsExactly(4, 5, 6, 7, 8, 9);
    }

    @Test
    void aSuspectThatIsCancelledHoldsUpNobody() throws InterruptedException {
        runner.gate.acquire();
        TestProbe<Event> a = submit("a", false);
        submit("s", true);
        batch.tell(new BatchActor.Cancel("s", 1));
        runner.gate.release();
        assertThat(idsToTheEnd(a)).containsExactly(4, 5, 6, 7, 8, 9);
        assertThat(runner.steps).doesNotContain(Set.of("s#1"));
    }

    @Test
    void survivesACrashOfTheBatchLoopAndLosesNoBlock() {
        runner.next.set(Mishap.LOGITS_THAT_CRASH_THE_LOOP);
        submit("a", 1, 4);
        assertThat(session.receiveMessage()).isInstanceOf(BatchActor.Admitted.class);
        assertThat(session.receiveMessage()).isEqualTo(new BatchActor.Lost("a", 1, true));
        for (int round = 2; round < 6; round++) {
            submit("a", round, 4);
            assertThat(session.receiveMessage()).isEqualTo(new BatchActor.Admitted("a", round));
            assertThat(idsToTheEnd()).containsExactly(4, 5, 6, 7);
        }
    }

    /** The cache begins empty, so nothing is taken for known; streams are told, as often as it happens. */
    @Test
    void beginsAgainWithAnEmptyCacheWhenTheRanksLoseTheirs() {
        submit("first", 1, 4);
        session.receiveMessage();
        idsToTheEnd();
        for (int round = 1; round < 12; round++) {
            runner.next.set(Mishap.RANKS_LOST);
            submit("a", round, 4);
            assertThat(session.receiveMessage()).isEqualTo(new BatchActor.Admitted("a", round));
            assertThat(session.receiveMessage()).isEqualTo(new BatchActor.Lost("a", round, true));
            assertThat(runner.pasts.poll()).isNotNull();
            runner.pasts.clear();
            submit("b", round, 4);
            assertThat(session.receiveMessage()).isEqualTo(new BatchActor.Admitted("b", round));
            assertThat(idsToTheEnd()).containsExactly(4, 5, 6, 7);
            assertThat(runner.pasts.poll()).as("tokens taken from the cache").isZero();
        }
    }

    @Test
    void aDrainOutlivesTheLossOfTheRanksCache() {
        TestProbe<BatchActor.Drained> drained = kit.createTestProbe();
        runner.next.set(Mishap.RANKS_LOST);
        submit("a", 1, 4);
        batch.tell(new BatchActor.Drain(drained.getRef()));
        assertThat(session.receiveMessage()).isEqualTo(new BatchActor.Admitted("a", 1));
        assertThat(session.receiveMessage()).isEqualTo(new BatchActor.Lost("a", 1, true));
        assertThat(drained.receiveMessage()).isEqualTo(new BatchActor.Drained("m"));
        submit("a", 2, 4);
        assertThat(session.receiveMessage()).isInstanceOf(BatchActor.Rejected.class);
    }

    @Test
    void refusesNewStreamsAndAnswersWhenItHasDrained() {
        TestProbe<BatchActor.Drained> drained = kit.createTestProbe();
        batch.tell(new BatchActor.Drain(drained.getRef()));
        assertThat(drained.receiveMessage()).isEqualTo(new BatchActor.Drained("m"));
        submit("a", 1, 4);
        assertThat(session.receiveMessage())
                .isInstanceOfSatisfying(
                        BatchActor.Rejected.class,
                        rejected -> assertThat(rejected.failure()).isInstanceOf(Failure.Unavailable.class));
    }

    @Test
    void closesItsRunnerWhenItStops() {
        kit.stop(replica, Duration.ofSeconds(10));
        assertThat(runner.closed.poll()).isTrue();
    }

    private void submit(String stream, long epoch, int tokens) {
        var request = new GenerationRequest(stream, Tokens.of(1, 2, 3), SamplingParams.greedy(tokens), "tenant", false);
        batch.tell(new BatchActor.Submit(request, epoch, false, session.getRef()));
    }

    /** Its events are told apart from the others'. */
    private TestProbe<Event> submit(String stream, boolean suspect) {
        TestProbe<Event> events = kit.createTestProbe();
        var request = new GenerationRequest(stream, Tokens.of(1, 2, 3), SamplingParams.greedy(6), "tenant", false);
        batch.tell(new BatchActor.Submit(request, 1, suspect, events.getRef()));
        assertThat(events.receiveMessage()).isEqualTo(new BatchActor.Admitted(stream, 1));
        return events;
    }

    private List<Integer> idsToTheEnd() {
        return idsToTheEnd(session);
    }

    private static List<Integer> idsToTheEnd(TestProbe<Event> session) {
        List<Integer> ids = new ArrayList<>();
        while (true) {
            for (Output output : ((BatchActor.Produced) session.receiveMessage()).outputs()) {
                switch (output) {
                    case Output.Token token -> ids.add(token.tokenId());
                    case Output.Done _ -> {
                        return ids;
                    }
                    case Output.Finished _, Output.PromptScored _ -> {}
                    case Output.Failed(var _, var failure) -> throw new AssertionError(failure);
                }
            }
        }
    }

    private static ReplicaParts parts(StepRunner runner) {
        var facts = new ModelFacts(VOCABULARY, VOCABULARY, 32, Tokens.of(15), new Letters());
        var config = new ReplicaConfig(Duration.ofSeconds(60), 5, Duration.ofSeconds(60), 1);
        KvLayout layout = new KvLayout(1, 2, 1, 1, 16, KvType.F32);
        return new ReplicaParts("m", "0", facts, new EngineConfig(4, 4, 16, 16, 16), config, layout, runner);
    }

    private enum Mishap {
        NONE,
        DEVICE_FAULT,
        RANKS_LOST,
        RANKS_NOT_STARTED,
        LOGITS_THAT_CRASH_THE_LOOP
    }

    private static final class CountingRunner implements StepRunner {
        final AtomicReference<Mishap> next = new AtomicReference<>(Mishap.NONE);
        final BlockingQueue<Boolean> closed = new LinkedBlockingQueue<>();
        final BlockingQueue<Integer> pasts = new LinkedBlockingQueue<>();
        /** Whoever holds it stops the steps. */
        final Semaphore gate = new Semaphore(1);

        /** The streams of each step. */
        final List<Set<String>> steps = new CopyOnWriteArrayList<>();

        /** What the step after the next one is to be. */
        final AtomicReference<Mishap> afterThis = new AtomicReference<>(Mishap.NONE);

        @Override
        public Logits run(Step step) {
            gate.acquireUninterruptibly();
            gate.release();
            steps.add(step.streams());
            step.slices().forEach(slice -> pasts.add(slice.past()));
            List<Integer> last = new ArrayList<>();
            for (Slice slice : step.slices()) {
                for (int back = slice.logitRows(); back > 0; back--) {
                    last.add(slice.tokens().get(slice.tokens().size() - back));
                }
            }
            return switch (next.getAndSet(afterThis.getAndSet(Mishap.NONE))) {
                case NONE -> new OneHot(last, false);
                case RANKS_LOST -> throw new RanksLost(new IllegalStateException("injected"));
                case RANKS_NOT_STARTED -> throw new RanksLost(new IllegalStateException("injected"), false);
                case DEVICE_FAULT -> throw new FailureException(new Failure.Internal("device lost"));
                case LOGITS_THAT_CRASH_THE_LOOP -> new OneHot(last, true);
            };
        }

        @Override
        public void close() {
            closed.add(true);
        }
    }

    private record OneHot(List<Integer> last, boolean broken) implements Logits {
        @Override
        public int rows() {
            return last.size();
        }

        @Override
        public int vocabulary() {
            return VOCABULARY;
        }

        @Override
        public float at(int row, int id) {
            if (broken) {
                throw new IllegalStateException("injected");
            }
            return id == last.get(row) + 1 ? 1 : 0;
        }

        @Override
        public void copyRow(int row, float[] into) {
            for (int id = 0; id < VOCABULARY; id++) {
                into[id] = at(row, id);
            }
        }
    }

    private static final class Letters implements TokenBytes {
        @Override
        public byte[] bytes(int id) {
            return new byte[] {(byte) ('a' + id)};
        }

        @Override
        public boolean special(int id) {
            return false;
        }

        @Override
        public int size() {
            return VOCABULARY;
        }

        @Override
        public boolean stripsFirstSpace() {
            return false;
        }
    }
}
