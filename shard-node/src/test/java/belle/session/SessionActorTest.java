package belle.session;

import static org.assertj.core.api.Assertions.assertThat;

import belle.proto.Failure;
import belle.proto.SamplingParams;
import belle.proto.Tokens;
import belle.proto.session.SessionCommand;
import belle.proto.session.StreamEvent;
import belle.replica.BatchActor;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SessionActorTest {
    private final SessionFixture fix = new SessionFixture();

    @AfterEach
    void stop() {
        fix.kit.shutdownTestKit();
    }

    @Test
    void refusesAModelItDoesNotKnow() {
        fix.session.tell(fix.generate(SessionFixture.STREAM, "other", Tokens.of(1), SamplingParams.greedy(3)));
        assertThat(fix.refusal()).isEqualTo(new Failure.UnknownModel("other", List.of("m")));
    }

    @Test
    void refusesWhatDoesNotFitAndNamesTheLimit() {
        fix.session.tell(fix.generate(SessionFixture.STREAM, "m", Tokens.of(1, 2), SamplingParams.greedy(99)));
        assertThat(fix.refusal()).isEqualTo(new Failure.TooLong(2, 99, 100));
        fix.session.tell(fix.generate(SessionFixture.STREAM, "m", Tokens.of(), SamplingParams.greedy(3)));
        assertThat(fix.refusal()).isInstanceOf(Failure.Invalid.class);
        fix.session.tell(fix.generate(SessionFixture.STREAM, "m", Tokens.of(1, 50), SamplingParams.greedy(3)));
        assertThat(fix.refusal().message()).contains("prompt[1]", "50");
        fix.session.tell(fix.generate(SessionFixture.STREAM, "m", Tokens.of(1), SamplingParams.greedy(-3)));
        assertThat(fix.refusal().message()).contains("max_tokens", "-3");
        fix.replica.expectNoMessage();
    }

    @Test
    void givesWhatTheContextLeavesWhenNoLimitIsAskedFor() {
        fix.session.tell(
                fix.generate(SessionFixture.STREAM, "m", Tokens.of(1, 2), SamplingParams.greedy(Integer.MAX_VALUE)));
        assertThat(fix.submitted().request().params().maxTokens()).isEqualTo(98);
    }

    @Test
    void acceptsOnlyWhatTheReplicaAdmitted() {
        fix.session.tell(fix.generate(SessionFixture.STREAM, "m", Tokens.of(1), SamplingParams.greedy(3)));
        fix.submitted();
        fix.reader.expectNoMessage();
        fix.replica(new BatchActor.Rejected(SessionFixture.STREAM, 1, new Failure.Overloaded("full", 2)));
        assertThat(fix.refusal()).isEqualTo(new Failure.Overloaded("full", 2));
        fix.begin();
        fix.produce(0, 1);
        assertThat(fix.next()).isEqualTo(SessionFixture.delta(1, 0));
    }

    @Test
    void refusesOneTurnTooMany() {
        fix.begin();
        fix.session.tell(fix.generate("s~2", "m", Tokens.of(1), SamplingParams.greedy(3)));
        fix.replica.receiveMessage();
        fix.session.tell(fix.generate("s~3", "m", Tokens.of(1), SamplingParams.greedy(3)));
        assertThat(fix.refusal()).isInstanceOf(Failure.Overloaded.class);
        fix.session.tell(fix.generate(SessionFixture.STREAM, "m", Tokens.of(1), SamplingParams.greedy(3)));
        assertThat(fix.refusal().message()).contains("exists already");
    }

    @Test
    void pausesAReaderWhoseWindowIsFullAndGoesOnWhenItHasRoom() {
        fix.begin();
        fix.produce(0, 6);
        assertThat(IntStream.range(0, 4).mapToObj(_ -> fix.next())).hasSize(4);
        fix.reader.expectNoMessage();
        assertThat(fix.replica.receiveMessage()).isEqualTo(new BatchActor.Pause(SessionFixture.STREAM, 1));
        fix.session.tell(new SessionCommand.Acknowledge(SessionFixture.STREAM, 1, 0, 0));
        assertThat(fix.next()).isEqualTo(SessionFixture.delta(1, 4));
        fix.session.tell(new SessionCommand.Acknowledge(SessionFixture.STREAM, 4, 0, 0));
        assertThat(fix.next()).isEqualTo(SessionFixture.delta(1, 5));
        assertThat(fix.replica.receiveMessage()).isEqualTo(new BatchActor.Resume(SessionFixture.STREAM, 1));
        fix.time.timePasses(Duration.ofSeconds(61));
        fix.reader.expectNoMessage();
    }

    @Test
    void endsAReaderThatStaysStalled() {
        fix.begin();
        fix.produce(0, 6);
        IntStream.range(0, 4).forEach(_ -> fix.next());
        assertThat(fix.replica.receiveMessage()).isInstanceOf(BatchActor.Pause.class);
        fix.time.timePasses(Duration.ofSeconds(60));
        assertThat(fix.replica.receiveMessage()).isEqualTo(new BatchActor.Cancel(SessionFixture.STREAM, 1));
        assertThat(fix.next())
                .isInstanceOfSatisfying(
                        StreamEvent.Failed.class,
                        failed -> assertThat(failed.index()).isEqualTo(6));
    }

    @Test
    void freesTheBlocksOfACancelledTurnAndGoesOnWhenItsReaderReturns() {
        fix.begin();
        fix.produce(0, 2);
        fix.next();
        fix.next();
        fix.session.tell(new SessionCommand.Cancel(SessionFixture.STREAM, 0, 0));
        assertThat(fix.replica.receiveMessage()).isEqualTo(new BatchActor.Cancel(SessionFixture.STREAM, 1));

        fix.session.tell(new SessionCommand.Resume(SessionFixture.STREAM, 0, 0, 0, fix.reader.getRef()));
        assertThat(fix.accepted().epoch()).isEqualTo(2);
        assertThat(fix.next()).isEqualTo(SessionFixture.delta(2, 1));
        fix.submitted();
        assertThat(fix.submits.getLast().epoch()).isEqualTo(2);
        assertThat(fix.submits.getLast().request().given()).containsExactly(Tokens.of(0, 1));
        fix.produce(2, 2, 3);
        assertThat(fix.next()).isEqualTo(SessionFixture.delta(2, 2));
    }

    @Test
    void forgetsARequestThatIsCancelledBeforeItIsAdmitted() {
        fix.session.tell(fix.generate(SessionFixture.STREAM, "m", Tokens.of(1), SamplingParams.greedy(3)));
        fix.submitted();
        fix.session.tell(new SessionCommand.Cancel(SessionFixture.STREAM, 0, 0));
        assertThat(fix.replica.receiveMessage()).isEqualTo(new BatchActor.Cancel(SessionFixture.STREAM, 1));
        fix.replica(new BatchActor.Admitted(SessionFixture.STREAM, 1));
        fix.reader.expectNoMessage();
    }

    @Test
    void aTurnThatWasNotInTheStepsThatFailedIsSubmittedAgainHoweverOften() {
        fix.begin();
        for (int loss = 1; loss < 12; loss++) {
            fix.replica(new BatchActor.Lost(SessionFixture.STREAM, loss, false));
            fix.submitted();
            assertThat(fix.submits.getLast().epoch()).isEqualTo(loss + 1);
            assertThat(fix.submits.getLast().suspect()).isFalse();
            assertThat(fix.accepted().epoch()).isEqualTo(loss + 1);
            fix.replica(new BatchActor.Admitted(SessionFixture.STREAM, loss + 1));
        }
    }

    @Test
    void submitsALostTurnAgainButNotForever() {
        fix.begin();
        fix.produce(0, 2);
        fix.next();
        fix.next();
        fix.replica(new BatchActor.Lost(SessionFixture.STREAM, 1, true));
        fix.submitted();
        assertThat(fix.submits.getLast().epoch()).isEqualTo(2);
        assertThat(fix.accepted().epoch()).isEqualTo(2);
        fix.replica(new BatchActor.Lost(SessionFixture.STREAM, 1, true));
        fix.replica(new BatchActor.Admitted(SessionFixture.STREAM, 2));
        fix.produce(2, 2, 3);
        assertThat(fix.next()).isEqualTo(SessionFixture.delta(2, 2));
        // It got on, so this loss is not the one before come back; the next one is.
        fix.replica(new BatchActor.Lost(SessionFixture.STREAM, 2, true));
        fix.submitted();
        assertThat(fix.accepted().epoch()).isEqualTo(3);
        fix.replica(new BatchActor.Admitted(SessionFixture.STREAM, 3));
        fix.replica(new BatchActor.Lost(SessionFixture.STREAM, 3, true));
        assertThat(fix.next())
                .isInstanceOfSatisfying(
                        StreamEvent.Failed.class,
                        failed -> assertThat(failed.failure()).isInstanceOf(Failure.Internal.class));
        assertThat(fix.replica.receiveMessage()).isInstanceOf(BatchActor.Cancel.class);
    }

    @Test
    void waitsTheGraceForAReaderThatDied() {
        fix.begin();
        fix.reader.stop();
        fix.replica.expectNoMessage();
        fix.time.timePasses(Duration.ofSeconds(2));
        assertThat(fix.replica.receiveMessage()).isEqualTo(new BatchActor.Cancel(SessionFixture.STREAM, 1));
    }

    @Test
    void keepsAnEndedTurnForItsRetention() {
        fix.begin();
        fix.finish();
        TestProbe<StreamEvent> other = fix.kit.createTestProbe();
        fix.session.tell(new SessionCommand.Resume(SessionFixture.STREAM, -1, 0, 0, other.getRef()));
        assertThat(other.receiveMessage()).isInstanceOf(StreamEvent.Accepted.class);
        assertThat(other.receiveMessage()).isEqualTo(SessionFixture.delta(1, 0));
        assertThat(other.receiveMessage()).isInstanceOf(StreamEvent.Finished.class);
        assertThat(other.receiveMessage()).isInstanceOf(StreamEvent.Done.class);
        fix.time.timePasses(Duration.ofSeconds(100));
        fix.session.tell(new SessionCommand.Resume(SessionFixture.STREAM, -1, 0, 0, other.getRef()));
        assertThat(other.receiveMessage())
                .isInstanceOfSatisfying(
                        StreamEvent.Refused.class,
                        refused -> assertThat(refused.failure()).isInstanceOf(Failure.NotFound.class));
    }

    @Test
    void tellsAReaderWhenAnotherTakesItsPlace() {
        fix.begin();
        TestProbe<StreamEvent> other = fix.kit.createTestProbe();
        fix.session.tell(new SessionCommand.Resume(SessionFixture.STREAM, -1, 0, 0, other.getRef()));
        assertThat(other.receiveMessage()).isInstanceOf(StreamEvent.Accepted.class);
        fix.session.tell(new SessionCommand.Resume(SessionFixture.STREAM, -1, 0, 2, other.getRef()));
        assertThat(other.receiveMessage()).isInstanceOf(StreamEvent.Accepted.class);
        fix.session.tell(new SessionCommand.Acknowledge(SessionFixture.STREAM, -1, 0, 2));
        fix.time.timePasses(SessionFixture.CONFIG.readerGrace());
        assertThat(fix.next()).isInstanceOf(StreamEvent.Failed.class);
    }

    @Test
    void leavesWhenIdleAndSendsLateCommandsAfterItself() {
        fix.time.timePasses(Duration.ofSeconds(1000));
        fix.reader.awaitAssert(() -> {
            assertThat(fix.passivated).hasValue(1);
            return null;
        });
        fix.session.tell(new SessionCommand.Cancel(SessionFixture.STREAM, 0, 0));
        assertThat(fix.elsewhere.receiveMessage()).isEqualTo(new SessionCommand.Cancel(SessionFixture.STREAM, 0, 0));
    }

    @Test
    void endsItsTurnsWhenTheReplicaIsGone() {
        fix.begin();
        fix.replica.stop();
        assertThat(fix.next())
                .isInstanceOfSatisfying(
                        StreamEvent.Failed.class,
                        failed -> assertThat(failed.failure()).isInstanceOf(Failure.Unavailable.class));
    }
}
