package belle.session;

import static org.assertj.core.api.Assertions.assertThat;

import belle.engine.GenerationRequest;
import belle.engine.Output;
import belle.proto.Failure;
import belle.proto.SamplingParams;
import belle.proto.Tokens;
import belle.proto.Usage;
import belle.proto.session.Progress;
import belle.proto.session.SessionCommand;
import belle.proto.session.StreamEvent;
import belle.replica.BatchActor;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Streams that leave a session, and streams that come to it from another. */
class SessionMoveTest {
    private final SessionFixture fix = new SessionFixture();

    @AfterEach
    void stop() {
        fix.kit.shutdownTestKit();
    }

    @Test
    void freesTheBlocksWhenItMovesAndLeavesItsReadersToSeeThatItIsGone() {
        fix.begin();
        TestProbe<Object> witness = fix.kit.createTestProbe();
        fix.kit.stop(fix.session);
        assertThat(fix.replica.receiveMessage()).isInstanceOf(BatchActor.Cancel.class);
        fix.reader.expectNoMessage();
        witness.expectTerminated(fix.session);
    }

    @Test
    void goesOnBehindAClosedDoorUntilItsReaderHasFoundAnother() {
        fix.begin();
        fix.produce(0, 2);
        IntStream.range(0, 2).forEach(_ -> fix.next());
        fix.door.stop();
        assertThat(fix.next()).isEqualTo(new StreamEvent.Moving(SessionFixture.STREAM, 1));
        fix.produce(2, 3);
        assertThat(fix.next()).isEqualTo(SessionFixture.delta(1, 2));
        assertThat(fix.elsewhere.receiveMessage()).isInstanceOf(SessionCommand.Whereabouts.class);
        fix.session.tell(new SessionCommand.Resume("another~1", -1, 0, 0, fix.reader.getRef()));
        assertThat(fix.elsewhere.receiveMessage().stream()).isEqualTo("another~1");
        fix.session.tell(new SessionCommand.Cancel(SessionFixture.STREAM, 0, 0));
        assertThat(fix.replica.receiveMessage()).isEqualTo(new BatchActor.Cancel(SessionFixture.STREAM, 1));
        fix.kit.createTestProbe().expectTerminated(fix.session);
        assertThat(fix.left).hasValue(1);
        fix.elsewhere.expectNoMessage();
    }

    @Test
    void aStreamThatIsPromisedBehindAClosedDoorIsToldToMove() {
        fix.session.tell(fix.generate(SessionFixture.STREAM, "m", Tokens.of(1), SamplingParams.greedy(9)));
        fix.submitted();
        fix.door.stop();
        fix.reader.expectNoMessage();
        fix.replica(new BatchActor.Admitted(SessionFixture.STREAM, 1));
        assertThat(fix.accepted().epoch()).isEqualTo(1);
        assertThat(fix.next()).isEqualTo(new StreamEvent.Moving(SessionFixture.STREAM, 1));
    }

    @Test
    void aReaderThatComesBackIsSentWhereItsStreamIsStillComputed() {
        fix.begin();
        fix.produce(0, 2);
        IntStream.range(0, 2).forEach(_ -> fix.next());
        fix.reader.stop();
        fix.door.stop();
        var whereabouts = (SessionCommand.Whereabouts) fix.elsewhere.receiveMessage();
        assertThat(whereabouts).isEqualTo(new SessionCommand.Whereabouts(SessionFixture.STREAM, fix.session));

        SessionFixture next = new SessionFixture();
        next.session.tell(new SessionCommand.Whereabouts(SessionFixture.STREAM, fix.session));
        TestProbe<StreamEvent> back = fix.kit.createTestProbe();
        next.session.tell(new SessionCommand.Resume(SessionFixture.STREAM, 0, 5, 0, back.getRef()));
        assertThat(back.receiveMessage()).isInstanceOf(StreamEvent.Accepted.class);
        assertThat(back.receiveMessage()).isEqualTo(SessionFixture.delta(1, 1));
        assertThat(back.receiveMessage()).isEqualTo(new StreamEvent.Moving(SessionFixture.STREAM, 1));
        next.kit.shutdownTestKit();
    }

    @Test
    void aReaderThatNeedsMoreThanIsKeptHasTheTurnComputedFromItsOwnPlace() {
        beganBehind();
        var request = (SessionCommand.Generate)
                fix.generate(SessionFixture.STREAM, "m", Tokens.of(1), SamplingParams.greedy(9));
        TestProbe<StreamEvent> again = fix.kit.createTestProbe();
        fix.session.tell(new SessionCommand.Continue(request.answeredTo(again.getRef(), 5), Progress.none(1)));
        assertThat(fix.replica.receiveMessage()).isEqualTo(new BatchActor.Cancel(SessionFixture.STREAM, 3));
        BatchActor.Submit anew = fix.submitted();
        assertThat(anew.request().given()).isEmpty();
        assertThat(anew.epoch()).isEqualTo(4);
    }

    @Test
    void aClientThatIsBehindTheReaderWithWhomTheTurnBeganHasItComputedAgain() {
        beganBehind();
        TestProbe<StreamEvent> client = fix.kit.createTestProbe();
        fix.session.tell(new SessionCommand.Resume(SessionFixture.STREAM, 0, 5, 0, client.getRef()));
        assertThat(fix.replica.receiveMessage()).isEqualTo(new BatchActor.Cancel(SessionFixture.STREAM, 3));
        BatchActor.Submit anew = fix.submitted();
        assertThat(anew.request().given()).isEmpty();
        assertThat(anew.epoch()).isEqualTo(4);
        fix.replica(new BatchActor.Admitted(SessionFixture.STREAM, 4));
        assertThat(((StreamEvent.Accepted) client.receiveMessage()).origin()).isEmpty();
        fix.produce(4, 0, 2);
        var origin = ((StreamEvent.Accepted) client.receiveMessage()).origin().orElseThrow();
        assertThat(origin.progress().choices().getFirst().ids()).isEqualTo(Tokens.of(0));
        assertThat(client.receiveMessage()).isEqualTo(SessionFixture.delta(4, 1));
    }

    @Test
    void aStreamThatItsLastPlaceOnThisNodeStillComputesBeginsInAnotherEpoch() {
        fix.session.tell(fix.generate(SessionFixture.STREAM, "m", Tokens.of(1), SamplingParams.greedy(9)));
        fix.submitted();
        fix.replica(new BatchActor.Rejected(SessionFixture.STREAM, 1, new Failure.Invalid("stream", "in use")));
        assertThat(fix.submitted().epoch()).isEqualTo(2);
        fix.replica(new BatchActor.Admitted(SessionFixture.STREAM, 2));
        assertThat(fix.accepted().epoch()).isEqualTo(2);
    }

    @Test
    void whatASessionThatLeavesDoesNotComputeIsKeptAtItsNextPlace() {
        fix.begin();
        fix.produce(0, 2);
        IntStream.range(0, 2).forEach(_ -> fix.next());
        fix.session.tell(new SessionCommand.Acknowledge(SessionFixture.STREAM, 1, 0, 1));
        fix.session.tell(new SessionCommand.Cancel(SessionFixture.STREAM, 0, 1));
        fix.door.stop();
        var keep = (SessionCommand.Keep) fix.elsewhere.receiveMessage();

        SessionFixture next = new SessionFixture();
        next.session.tell(keep);
        next.replica.receiveMessage(); // nothing to cancel
        TestProbe<StreamEvent> back = fix.kit.createTestProbe();
        next.session.tell(new SessionCommand.Resume(SessionFixture.STREAM, 1, 5, 0, back.getRef()));
        assertThat(next.submitted().request().given())
                .isEqualTo(keep.goingOn().progress().given());
        next.submits.getLast().replyTo().tell(new BatchActor.Admitted(SessionFixture.STREAM, 3));
        assertThat(((StreamEvent.Accepted) back.receiveMessage()).epoch()).isEqualTo(3);
        next.produce(3, 0, 3);
        assertThat(((StreamEvent.Accepted) back.receiveMessage()).origin()).isPresent();
        assertThat(back.receiveMessage()).isEqualTo(SessionFixture.delta(3, 2));
        next.kit.shutdownTestKit();
    }

    @Test
    void whatATurnWasWaitingForDoesNotConcernTheOneThatTakesItsPlace() {
        beganBehind();
        fix.replica(new BatchActor.Produced(
                SessionFixture.STREAM, 3, List.of(new Output.Done(SessionFixture.STREAM, new Usage(1, 0, 2)))));
        fix.replica.receiveMessage();
        TestProbe<StreamEvent> again = fix.kit.createTestProbe();
        var request = ((SessionCommand.Generate)
                        fix.generate(SessionFixture.STREAM, "m", Tokens.of(1), SamplingParams.greedy(9)))
                .answeredTo(again.getRef(), 5);
        fix.time.timePasses(SessionFixture.CONFIG.retention().minusSeconds(1)); // it would be forgotten soon
        fix.session.tell(new SessionCommand.Continue(request, Progress.none(1)));
        fix.submitted();
        fix.replica(new BatchActor.Admitted(SessionFixture.STREAM, 4));
        assertThat(again.receiveMessage()).isInstanceOf(StreamEvent.Accepted.class);
        fix.time.timePasses(SessionFixture.CONFIG.retention());
        again.expectNoMessage();
        fix.replica.expectNoMessage();
    }

    /** Behind event 1 in epoch 3; first taken 77 ms after 1970 began. */
    private void beganBehind() {
        var request = ((SessionCommand.Generate)
                        fix.generate(SessionFixture.STREAM, "m", Tokens.of(1), SamplingParams.greedy(9)))
                .begunAt(77);
        var progress = new Progress(1, 3, false, List.of(new Progress.Choice(Tokens.of(0, 1), false)));
        fix.session.tell(new SessionCommand.Continue(request, progress));
        fix.submitted();
        fix.replica(new BatchActor.Admitted(SessionFixture.STREAM, 3));
        StreamEvent.Accepted accepted = fix.accepted();
        assertThat(accepted.epoch()).isEqualTo(3);
        assertThat(accepted.begun()).isEqualTo(77);
    }

    @Test
    void preparesOnceForAStreamThatStillRunsElsewhere() {
        var request = (SessionCommand.Generate)
                fix.generate(SessionFixture.STREAM, "m", Tokens.of(1), SamplingParams.greedy(9));
        var progress = new Progress(1, 3, false, List.of(new Progress.Choice(Tokens.of(0, 1), false)));
        fix.session.tell(new SessionCommand.Prepare(new SessionCommand.Continue(request, progress)));
        fix.session.tell(new SessionCommand.Prepare(new SessionCommand.Continue(request, progress)));
        GenerationRequest once = fix.submitted().request();
        assertThat(once.given()).containsExactly(Tokens.of(0, 1));
        assertThat(once.params().maxTokens()).isEqualTo(3);
        fix.reader.expectNoMessage();
        fix.replica(
                new BatchActor.Produced(once.stream(), 0, List.of(new Output.Done(once.stream(), new Usage(1, 0, 3)))));
        assertThat(fix.next()).isEqualTo(new StreamEvent.Prepared(SessionFixture.STREAM));
        fix.replica.expectNoMessage();

        fix.session.tell(new SessionCommand.Continue(request, progress));
        assertThat(fix.submitted().request().stream()).isEqualTo(SessionFixture.STREAM);
    }

    @Test
    void isAsGoodAsPreparedWhenTheReplicaHasNoRoom() {
        var request = (SessionCommand.Generate)
                fix.generate(SessionFixture.STREAM, "m", Tokens.of(1), SamplingParams.greedy(9));
        fix.session.tell(new SessionCommand.Prepare(new SessionCommand.Continue(request, Progress.none(1))));
        fix.replica(new BatchActor.Rejected(fix.submitted().request().stream(), 0, new Failure.Overloaded("full", 1)));
        assertThat(fix.next()).isEqualTo(new StreamEvent.Prepared(SessionFixture.STREAM));
    }

    @Test
    void goesOnWithAStreamWhoseSessionIsGone() {
        var request = (SessionCommand.Generate)
                fix.generate(SessionFixture.STREAM, "m", Tokens.of(1), SamplingParams.greedy(9));
        var progress = new Progress(1, 3, false, List.of(new Progress.Choice(Tokens.of(0, 1), false)));
        fix.session.tell(new SessionCommand.Continue(request, progress));
        assertThat(fix.submitted().request().given()).containsExactly(Tokens.of(0, 1));
        fix.session.tell(new SessionCommand.Continue(request, progress)); // said twice before the answer
        var other = (SessionCommand.Generate)
                fix.generate(SessionFixture.STREAM, "m", Tokens.of(2), SamplingParams.greedy(9));
        fix.session.tell(new SessionCommand.Continue(other, progress));
        assertThat(fix.refusal().message()).contains("used for another");
        fix.replica(new BatchActor.Admitted(SessionFixture.STREAM, 3));
        assertThat(fix.accepted().epoch()).isEqualTo(3);
        fix.produce(3, 2, 4);
        assertThat(fix.next()).isEqualTo(SessionFixture.delta(3, 2));
        assertThat(fix.next()).isEqualTo(SessionFixture.delta(3, 3));
    }

    @Test
    void aSessionThatStillHasTheStreamGoesOnInANewEpoch() {
        fix.begin();
        fix.produce(0, 3);
        IntStream.range(0, 3).forEach(_ -> fix.next());
        var request = (SessionCommand.Generate)
                fix.generate(SessionFixture.STREAM, "m", Tokens.of(1), SamplingParams.greedy(3));
        var progress = new Progress(0, 7, false, List.of(new Progress.Choice(Tokens.of(0), false)));
        fix.session.tell(new SessionCommand.Continue(request, progress));
        assertThat(fix.accepted().epoch()).isEqualTo(7);
        assertThat(fix.next()).isEqualTo(SessionFixture.delta(7, 1));
        assertThat(fix.next()).isEqualTo(SessionFixture.delta(7, 2));
        assertThat(fix.replica.receiveMessage()).isEqualTo(new BatchActor.Cancel(SessionFixture.STREAM, 1));
        assertThat(fix.submitted().request().given()).containsExactly(Tokens.of(0, 1, 2));
    }

    @Test
    void tellsAReaderThatResumesWhatASessionElsewhereNeeds() {
        fix.begin();
        fix.produce(0, 3);
        IntStream.range(0, 3).forEach(_ -> fix.next());
        fix.session.tell(new SessionCommand.Resume(SessionFixture.STREAM, 1, 0, 0, fix.reader.getRef()));
        var origin = fix.accepted().origin().orElseThrow();
        assertThat(origin.request().stream()).isEqualTo(SessionFixture.STREAM);
        assertThat(origin.progress().given()).containsExactly(Tokens.of(0, 1));
        assertThat(origin.progress().after()).isEqualTo(1);
    }

    @Test
    void refusesAForgedProgress() {
        var request = (SessionCommand.Generate)
                fix.generate(SessionFixture.STREAM, "m", Tokens.of(1), SamplingParams.greedy(9));
        fix.session.tell(new SessionCommand.Continue(request, Progress.none(3)));
        assertThat(fix.refusal().message()).contains("n = 1", "3");
        fix.session.tell(new SessionCommand.Continue(request, Progress.none(1).inEpoch(Long.MAX_VALUE)));
        assertThat(fix.refusal().message()).contains("epoch", Long.toString(Long.MAX_VALUE));
        var tooFar = new Progress(0, 2, false, List.of(new Progress.Choice(Tokens.of(1, 2), false)));
        fix.session.tell(new SessionCommand.Prepare(new SessionCommand.Continue(request, tooFar)));
        assertThat(fix.refusal().message()).contains("2 tokens", "event 0");
    }
}
