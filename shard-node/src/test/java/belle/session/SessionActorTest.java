package belle.session;

import static org.assertj.core.api.Assertions.assertThat;

import belle.engine.GenerationRequest;
import belle.engine.Output;
import belle.engine.SequenceId;
import belle.proto.Failure;
import belle.proto.FinishReason;
import belle.proto.Prompt;
import belle.proto.SamplingParams;
import belle.proto.Tokens;
import belle.proto.Usage;
import belle.proto.session.Progress;
import belle.proto.session.SessionCommand;
import belle.proto.session.StreamEvent;
import belle.replica.BatchActor;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SessionActorTest {
    private static final String STREAM = "s~1";
    private static final SessionConfig CONFIG = new SessionConfig(
            4,
            Duration.ofSeconds(60),
            Duration.ofSeconds(2),
            Duration.ofSeconds(100),
            2,
            100,
            1,
            Duration.ofSeconds(1000));

    private final ActorTestKit kit = ActorTestKit.create(ManualTime.config());
    private final ManualTime time = ManualTime.get(kit.system());
    private final TestProbe<BatchActor.Command> replica = kit.createTestProbe();
    private final TestProbe<StreamEvent> reader = kit.createTestProbe();
    private final TestProbe<SessionCommand> elsewhere = kit.createTestProbe();
    private final TestProbe<Object> door = kit.createTestProbe();
    private final AtomicInteger passivated = new AtomicInteger();
    private final AtomicInteger left = new AtomicInteger();
    private final ActorRef<SessionCommand> session = kit.spawn(SessionActor.create(CONFIG, models(), home()));
    private final Deque<BatchActor.Submit> submits = new ArrayDeque<>();

    @AfterEach
    void stop() {
        kit.shutdownTestKit();
    }

    @Test
    void refusesAModelItDoesNotKnow() {
        session.tell(generate(STREAM, "other", Tokens.of(1), SamplingParams.greedy(3)));
        assertThat(refusal()).isEqualTo(new Failure.UnknownModel("other", List.of("m")));
    }

    @Test
    void refusesWhatDoesNotFitAndNamesTheLimit() {
        session.tell(generate(STREAM, "m", Tokens.of(1, 2), SamplingParams.greedy(99)));
        assertThat(refusal()).isEqualTo(new Failure.TooLong(2, 99, 100));
        session.tell(generate(STREAM, "m", Tokens.of(), SamplingParams.greedy(3)));
        assertThat(refusal()).isInstanceOf(Failure.Invalid.class);
        session.tell(generate(STREAM, "m", Tokens.of(1, 50), SamplingParams.greedy(3)));
        assertThat(refusal().message()).contains("prompt[1]", "50");
        session.tell(generate(STREAM, "m", Tokens.of(1), SamplingParams.greedy(-3)));
        assertThat(refusal().message()).contains("max_tokens", "-3");
        replica.expectNoMessage();
    }

    @Test
    void givesWhatTheContextLeavesWhenNoLimitIsAskedFor() {
        session.tell(generate(STREAM, "m", Tokens.of(1, 2), SamplingParams.greedy(Integer.MAX_VALUE)));
        assertThat(submitted().request().params().maxTokens()).isEqualTo(98);
    }

    @Test
    void acceptsOnlyWhatTheReplicaAdmitted() {
        session.tell(generate(STREAM, "m", Tokens.of(1), SamplingParams.greedy(3)));
        submitted();
        reader.expectNoMessage();
        replica(new BatchActor.Rejected(STREAM, 1, new Failure.Overloaded("full", 2)));
        assertThat(refusal()).isEqualTo(new Failure.Overloaded("full", 2));
        begin();
        produce(0, 1);
        assertThat(next()).isEqualTo(delta(1, 0));
    }

    @Test
    void refusesOneTurnTooMany() {
        begin();
        session.tell(generate("s~2", "m", Tokens.of(1), SamplingParams.greedy(3)));
        replica.receiveMessage();
        session.tell(generate("s~3", "m", Tokens.of(1), SamplingParams.greedy(3)));
        assertThat(refusal()).isInstanceOf(Failure.Overloaded.class);
        session.tell(generate(STREAM, "m", Tokens.of(1), SamplingParams.greedy(3)));
        assertThat(refusal().message()).contains("exists already");
    }

    @Test
    void pausesAReaderWhoseWindowIsFullAndGoesOnWhenItHasRoom() {
        begin();
        produce(0, 6);
        assertThat(IntStream.range(0, 4).mapToObj(_ -> next())).hasSize(4);
        reader.expectNoMessage();
        assertThat(replica.receiveMessage()).isEqualTo(new BatchActor.Pause(STREAM, 1));
        session.tell(new SessionCommand.Acknowledge(STREAM, 1));
        assertThat(next()).isEqualTo(delta(1, 4));
        session.tell(new SessionCommand.Acknowledge(STREAM, 4));
        assertThat(next()).isEqualTo(delta(1, 5));
        assertThat(replica.receiveMessage()).isEqualTo(new BatchActor.Resume(STREAM, 1));
        time.timePasses(Duration.ofSeconds(61));
        reader.expectNoMessage();
    }

    @Test
    void endsAReaderThatStaysStalled() {
        begin();
        produce(0, 6);
        IntStream.range(0, 4).forEach(_ -> next());
        assertThat(replica.receiveMessage()).isInstanceOf(BatchActor.Pause.class);
        time.timePasses(Duration.ofSeconds(60));
        assertThat(replica.receiveMessage()).isEqualTo(new BatchActor.Cancel(STREAM, 1));
        assertThat(next())
                .isInstanceOfSatisfying(
                        StreamEvent.Failed.class,
                        failed -> assertThat(failed.index()).isEqualTo(6));
    }

    @Test
    void freesTheBlocksOfACancelledTurnAndGoesOnWhenItsReaderReturns() {
        begin();
        produce(0, 2);
        next();
        next();
        session.tell(new SessionCommand.Cancel(STREAM));
        assertThat(replica.receiveMessage()).isEqualTo(new BatchActor.Cancel(STREAM, 1));

        session.tell(new SessionCommand.Resume(STREAM, 0, reader.getRef()));
        assertThat(accepted().epoch()).isEqualTo(2);
        assertThat(next()).isEqualTo(delta(2, 1));
        submitted();
        assertThat(submits.getLast().epoch()).isEqualTo(2);
        assertThat(submits.getLast().request().given()).containsExactly(Tokens.of(0, 1));
        produce(2, 2, 3);
        assertThat(next()).isEqualTo(delta(2, 2));
    }

    @Test
    void forgetsARequestThatIsCancelledBeforeItIsAdmitted() {
        session.tell(generate(STREAM, "m", Tokens.of(1), SamplingParams.greedy(3)));
        submitted();
        session.tell(new SessionCommand.Cancel(STREAM));
        assertThat(replica.receiveMessage()).isEqualTo(new BatchActor.Cancel(STREAM, 1));
        replica(new BatchActor.Admitted(STREAM, 1));
        reader.expectNoMessage();
    }

    @Test
    void submitsALostTurnAgainButNotForever() {
        begin();
        produce(0, 2);
        next();
        next();
        replica(new BatchActor.Lost(STREAM, 1));
        submitted();
        assertThat(submits.getLast().epoch()).isEqualTo(2);
        assertThat(accepted().epoch()).isEqualTo(2);
        replica(new BatchActor.Lost(STREAM, 1));
        replica(new BatchActor.Admitted(STREAM, 2));
        produce(2, 2, 3);
        assertThat(next()).isEqualTo(delta(2, 2));
        replica(new BatchActor.Lost(STREAM, 2));
        assertThat(next())
                .isInstanceOfSatisfying(
                        StreamEvent.Failed.class,
                        failed -> assertThat(failed.failure()).isInstanceOf(Failure.Internal.class));
        assertThat(replica.receiveMessage()).isInstanceOf(BatchActor.Cancel.class);
    }

    @Test
    void waitsTheGraceForAReaderThatDied() {
        begin();
        reader.stop();
        replica.expectNoMessage();
        time.timePasses(Duration.ofSeconds(2));
        assertThat(replica.receiveMessage()).isEqualTo(new BatchActor.Cancel(STREAM, 1));
    }

    @Test
    void keepsAnEndedTurnForItsRetention() {
        begin();
        finish();
        TestProbe<StreamEvent> other = kit.createTestProbe();
        session.tell(new SessionCommand.Resume(STREAM, -1, other.getRef()));
        assertThat(other.receiveMessage()).isInstanceOf(StreamEvent.Accepted.class);
        assertThat(other.receiveMessage()).isEqualTo(delta(1, 0));
        assertThat(other.receiveMessage()).isInstanceOf(StreamEvent.Finished.class);
        assertThat(other.receiveMessage()).isInstanceOf(StreamEvent.Done.class);
        time.timePasses(Duration.ofSeconds(100));
        session.tell(new SessionCommand.Resume(STREAM, -1, other.getRef()));
        assertThat(other.receiveMessage())
                .isInstanceOfSatisfying(
                        StreamEvent.Refused.class,
                        refused -> assertThat(refused.failure()).isInstanceOf(Failure.NotFound.class));
    }

    @Test
    void tellsAReaderWhenAnotherTakesItsPlace() {
        begin();
        TestProbe<StreamEvent> other = kit.createTestProbe();
        session.tell(new SessionCommand.Resume(STREAM, -1, other.getRef()));
        assertThat(next()).isInstanceOf(StreamEvent.Failed.class);
        assertThat(other.receiveMessage()).isInstanceOf(StreamEvent.Accepted.class);
        session.tell(new SessionCommand.Resume(STREAM, -1, other.getRef()));
        assertThat(other.receiveMessage()).isInstanceOf(StreamEvent.Accepted.class);
    }

    @Test
    void leavesWhenIdleAndSendsLateCommandsAfterItself() {
        time.timePasses(Duration.ofSeconds(1000));
        reader.awaitAssert(() -> {
            assertThat(passivated).hasValue(1);
            return null;
        });
        session.tell(new SessionCommand.Cancel(STREAM));
        assertThat(elsewhere.receiveMessage()).isEqualTo(new SessionCommand.Cancel(STREAM));
    }

    @Test
    void freesTheBlocksWhenItMovesAndLeavesItsReadersToSeeThatItIsGone() {
        begin();
        TestProbe<Object> witness = kit.createTestProbe();
        kit.stop(session);
        assertThat(replica.receiveMessage()).isInstanceOf(BatchActor.Cancel.class);
        reader.expectNoMessage();
        witness.expectTerminated(session);
    }

    @Test
    void goesOnBehindAClosedDoorUntilItsReaderHasFoundAnother() {
        begin();
        produce(0, 2);
        IntStream.range(0, 2).forEach(_ -> next());
        door.stop();
        assertThat(next()).isEqualTo(new StreamEvent.Moving(STREAM, 1));
        produce(2, 3);
        assertThat(next()).isEqualTo(delta(1, 2));
        session.tell(new SessionCommand.Resume("another~1", -1, reader.getRef()));
        assertThat(elsewhere.receiveMessage().stream()).isEqualTo("another~1");
        session.tell(new SessionCommand.Cancel(STREAM));
        assertThat(replica.receiveMessage()).isEqualTo(new BatchActor.Cancel(STREAM, 1));
        kit.createTestProbe().expectTerminated(session);
        assertThat(left).hasValue(1);
        elsewhere.expectNoMessage();
    }

    @Test
    void aStreamThatIsPromisedBehindAClosedDoorIsToldToMove() {
        session.tell(generate(STREAM, "m", Tokens.of(1), SamplingParams.greedy(9)));
        submitted();
        door.stop();
        reader.expectNoMessage();
        replica(new BatchActor.Admitted(STREAM, 1));
        assertThat(accepted().epoch()).isEqualTo(1);
        assertThat(next()).isEqualTo(new StreamEvent.Moving(STREAM, 1));
    }

    @Test
    void handsAStreamOnWhoseReaderHasYetToComeBack() {
        begin();
        produce(0, 2);
        IntStream.range(0, 2).forEach(_ -> next());
        reader.stop();
        door.stop();
        var goingOn = (SessionCommand.Continue) elsewhere.receiveMessage();
        assertThat(goingOn.progress()).isEqualTo(Progress.none(1).inEpoch(2));
        kit.createTestProbe().expectTerminated(session);
    }

    @Test
    void preparesOnceForAStreamThatStillRunsElsewhere() {
        var request = (SessionCommand.Generate) generate(STREAM, "m", Tokens.of(1), SamplingParams.greedy(9));
        var progress = new Progress(1, 3, false, List.of(new Progress.Choice(Tokens.of(0, 1), false)));
        session.tell(new SessionCommand.Prepare(new SessionCommand.Continue(request, progress)));
        session.tell(new SessionCommand.Prepare(new SessionCommand.Continue(request, progress)));
        GenerationRequest once = submitted().request();
        assertThat(once.given()).containsExactly(Tokens.of(0, 1));
        assertThat(once.params().maxTokens()).isEqualTo(3);
        reader.expectNoMessage();
        replica(new BatchActor.Produced(once.stream(), 0, List.of(new Output.Done(once.stream(), new Usage(1, 0, 3)))));
        assertThat(next()).isEqualTo(new StreamEvent.Prepared(STREAM));
        replica.expectNoMessage();

        session.tell(new SessionCommand.Continue(request, progress));
        assertThat(submitted().request().stream()).isEqualTo(STREAM);
    }

    @Test
    void isAsGoodAsPreparedWhenTheReplicaHasNoRoom() {
        var request = (SessionCommand.Generate) generate(STREAM, "m", Tokens.of(1), SamplingParams.greedy(9));
        session.tell(new SessionCommand.Prepare(new SessionCommand.Continue(request, Progress.none(1))));
        replica(new BatchActor.Rejected(submitted().request().stream(), 0, new Failure.Overloaded("full", 1)));
        assertThat(next()).isEqualTo(new StreamEvent.Prepared(STREAM));
    }

    @Test
    void goesOnWithAStreamWhoseSessionIsGone() {
        var request = (SessionCommand.Generate) generate(STREAM, "m", Tokens.of(1), SamplingParams.greedy(9));
        var progress = new Progress(1, 3, false, List.of(new Progress.Choice(Tokens.of(0, 1), false)));
        session.tell(new SessionCommand.Continue(request, progress));
        assertThat(submitted().request().given()).containsExactly(Tokens.of(0, 1));
        session.tell(new SessionCommand.Continue(request, progress)); // said twice before the answer
        var other = (SessionCommand.Generate) generate(STREAM, "m", Tokens.of(2), SamplingParams.greedy(9));
        session.tell(new SessionCommand.Continue(other, progress));
        assertThat(refusal().message()).contains("used for another");
        replica(new BatchActor.Admitted(STREAM, 3));
        assertThat(accepted().epoch()).isEqualTo(3);
        produce(3, 2, 4);
        assertThat(next()).isEqualTo(delta(3, 2));
        assertThat(next()).isEqualTo(delta(3, 3));
    }

    @Test
    void aSessionThatStillHasTheStreamGoesOnInANewEpoch() {
        begin();
        produce(0, 3);
        IntStream.range(0, 3).forEach(_ -> next());
        var request = (SessionCommand.Generate) generate(STREAM, "m", Tokens.of(1), SamplingParams.greedy(3));
        var progress = new Progress(0, 7, false, List.of(new Progress.Choice(Tokens.of(0), false)));
        session.tell(new SessionCommand.Continue(request, progress));
        assertThat(accepted().epoch()).isEqualTo(7);
        assertThat(next()).isEqualTo(delta(7, 1));
        assertThat(next()).isEqualTo(delta(7, 2));
        assertThat(replica.receiveMessage()).isEqualTo(new BatchActor.Cancel(STREAM, 1));
        assertThat(submitted().request().given()).containsExactly(Tokens.of(0, 1, 2));
    }

    @Test
    void tellsAReaderThatResumesWhatASessionElsewhereNeeds() {
        begin();
        produce(0, 3);
        IntStream.range(0, 3).forEach(_ -> next());
        session.tell(new SessionCommand.Resume(STREAM, 1, reader.getRef()));
        var origin = accepted().origin().orElseThrow();
        assertThat(origin.request().stream()).isEqualTo(STREAM);
        assertThat(origin.progress().given()).containsExactly(Tokens.of(0, 1));
        assertThat(origin.progress().after()).isEqualTo(1);
    }

    @Test
    void refusesAForgedProgress() {
        var request = (SessionCommand.Generate) generate(STREAM, "m", Tokens.of(1), SamplingParams.greedy(9));
        session.tell(new SessionCommand.Continue(request, Progress.none(3)));
        assertThat(refusal().message()).contains("n = 1", "3");
        session.tell(new SessionCommand.Continue(request, Progress.none(1).inEpoch(Long.MAX_VALUE)));
        assertThat(refusal().message()).contains("epoch", Long.toString(Long.MAX_VALUE));
        var tooFar = new Progress(0, 2, false, List.of(new Progress.Choice(Tokens.of(1, 2), false)));
        session.tell(new SessionCommand.Prepare(new SessionCommand.Continue(request, tooFar)));
        assertThat(refusal().message()).contains("2 tokens", "event 0");
    }

    @Test
    void endsItsTurnsWhenTheReplicaIsGone() {
        begin();
        replica.stop();
        assertThat(next())
                .isInstanceOfSatisfying(
                        StreamEvent.Failed.class,
                        failed -> assertThat(failed.failure()).isInstanceOf(Failure.Unavailable.class));
    }

    private void begin() {
        session.tell(generate(STREAM, "m", Tokens.of(1), SamplingParams.greedy(3)));
        submitted();
        replica(new BatchActor.Admitted(STREAM, 1));
        assertThat(accepted()).isEqualTo(new StreamEvent.Accepted(STREAM, 1, "m", 1, session, Optional.empty()));
    }

    private void finish() {
        replica(new BatchActor.Produced(
                STREAM,
                1,
                List.of(
                        token(0),
                        new Output.Finished(new SequenceId(STREAM, 0), "", FinishReason.LENGTH),
                        new Output.Done(STREAM, new Usage(1, 0, 1)))));
        next();
        next();
        assertThat(next()).isInstanceOf(StreamEvent.Done.class);
        assertThat(replica.receiveMessage()).isInstanceOf(BatchActor.Cancel.class);
    }

    private void produce(int from, int to) {
        produce(1, from, to);
    }

    private void produce(long epoch, int from, int to) {
        replica(new BatchActor.Produced(
                STREAM,
                epoch,
                IntStream.range(from, to).mapToObj(SessionActorTest::token).toList()));
    }

    private static Output token(int index) {
        return new Output.Token(new SequenceId(STREAM, 0), index, index, "t" + index, Optional.empty());
    }

    private static StreamEvent delta(long epoch, int index) {
        return new StreamEvent.Delta(STREAM, epoch, index, 0, Tokens.of(index), "t" + index, List.of());
    }

    private StreamEvent.Accepted accepted() {
        return (StreamEvent.Accepted) next();
    }

    private StreamEvent next() {
        return reader.receiveMessage();
    }

    private Failure refusal() {
        return ((StreamEvent.Refused) next()).failure();
    }

    private BatchActor.Submit submitted() {
        submits.add((BatchActor.Submit) replica.receiveMessage());
        return submits.getLast();
    }

    private void replica(BatchActor.Event event) {
        submits.getLast().replyTo().tell(event);
    }

    private SessionCommand generate(String stream, String model, Tokens prompt, SamplingParams params) {
        return new SessionCommand.Generate(
                stream, model, new Prompt.Ids(prompt), params, "tenant", false, reader.getRef());
    }

    private Map<String, ServedModel> models() {
        return Map.of("m", new ServedModel("m", 100, 50, prompt -> ((Prompt.Ids) prompt).ids(), replica.getRef()));
    }

    private SessionHome home() {
        return new SessionHome() {
            @Override
            public ActorRef<?> door() {
                return door.ref();
            }

            @Override
            public void passivate() {
                passivated.incrementAndGet();
            }

            @Override
            public void left() {
                left.incrementAndGet();
            }

            @Override
            public void forward(SessionCommand command) {
                elsewhere.ref().tell(command);
            }
        };
    }
}
