package belle.session;

import static belle.session.SessionFixture.STREAM;
import static org.assertj.core.api.Assertions.assertThat;

import belle.journal.Journals;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.SamplingParams;
import belle.proto.Tokens;
import belle.proto.session.Progress;
import belle.proto.session.SessionAnswer;
import belle.proto.session.SessionCommand;
import belle.proto.session.StreamEvent;
import belle.proto.session.TurnView;
import belle.replica.BatchActor;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Sessions with a journal: each fixture after the first is the session after a restart of everything. */
class DurableSessionTest {
    private SessionFixture fix = new SessionFixture(Optional.empty());

    @AfterEach
    void stop() {
        fix.kit.shutdownTestKit();
    }

    @Test
    void readsAFinishedTurnAgainWithoutComputingIt() {
        restart("finished");
        fix.begin();
        fix.finish();
        restart("finished");
        fix.session.tell(new SessionCommand.Resume(STREAM, -1, 1, 0, fix.reader.getRef()));
        assertThat(fix.accepted().epoch()).isEqualTo(10_000);
        assertThat(fix.next()).isEqualTo(SessionFixture.delta(10_000, 0));
        assertThat(fix.next()).isInstanceOf(StreamEvent.Finished.class);
        assertThat(fix.next()).isInstanceOf(StreamEvent.Done.class);
        fix.replica.expectNoMessage();
        fix.session.tell(request(fix, Progress.none(1)));
        assertThat(fix.accepted().epoch()).isGreaterThan(10_000);
        assertThat(fix.next()).isInstanceOf(StreamEvent.Delta.class);
    }

    @Test
    void computesAnUnfinishedTurnAgainAndGivesItsReaderTheRest() {
        restart("unfinished");
        fix.begin();
        fix.produce(0, 2);
        restart("unfinished");
        fix.session.tell(new SessionCommand.Resume(STREAM, 1, 1, 0, fix.reader.getRef()));
        assertThat(fix.submitted().request().given()).isEmpty();
        fix.replica(new BatchActor.Admitted(STREAM, 10_000));
        assertThat(fix.accepted().origin()).isEmpty();
        fix.produce(10_000, 0, 2);
        SessionCommand.Continue origin = fix.accepted().origin().orElseThrow();
        assertThat(origin.progress().after()).isEqualTo(1);
        assertThat(origin.progress().given()).containsExactly(Tokens.of(0, 1));
        fix.produce(10_000, 2, 3);
        assertThat(fix.next()).isEqualTo(SessionFixture.delta(10_000, 2));
    }

    @Test
    void aReaderWhoHasMoreIsNotMadeToWaitForTheRecomputation() {
        restart("more");
        fix.begin();
        restart("more");
        fix.session.tell(new SessionCommand.Resume(STREAM, -1, 1, 0, fix.reader.getRef()));
        fix.submitted();
        fix.replica(new BatchActor.Admitted(STREAM, 10_000));
        fix.accepted();
        fix.session.tell(request(fix, new Progress(1, 3, false, List.of(new Progress.Choice(Tokens.of(0, 1), false)))));
        assertThat(fix.replica.receiveMessage()).isInstanceOf(BatchActor.Cancel.class);
        BatchActor.Submit submit = fix.submitted();
        assertThat(submit.epoch()).isEqualTo(10_001);
        assertThat(submit.request().given()).containsExactly(Tokens.of(0, 1));
    }

    @Test
    void tellsAReaderWhoAsksForMoreThanThereIs() {
        restart("beyond");
        fix.begin();
        restart("beyond");
        fix.session.tell(new SessionCommand.Resume(STREAM, 77, 1, 0, fix.reader.getRef()));
        fix.submitted();
        fix.replica(new BatchActor.Admitted(STREAM, 10_000));
        fix.accepted();
        fix.end(10_000);
        assertThat(((StreamEvent.Failed) fix.next()).failure()).isInstanceOf(Failure.NotFound.class);
    }

    @Test
    void promisesNothingBeforeItIsWritten() {
        var written = new CompletableFuture<Done>();
        fix = new SessionFixture(Optional.of(new SlowJournal(written)));
        fix.session.tell(fix.generate(STREAM, "m", Tokens.of(1), SamplingParams.greedy(3)));
        fix.submitted();
        fix.replica(new BatchActor.Admitted(STREAM, 1));
        fix.produce(0, 1);
        fix.reader.expectNoMessage();
        written.complete(Done.done());
        assertThat(fix.accepted().epoch()).isEqualTo(1);
        assertThat(fix.next()).isEqualTo(SessionFixture.delta(1, 0));
    }

    @Test
    void refusesWhatCannotBeWrittenAndGoesOnWithWhatRuns() {
        var away = new Failure.Unavailable("the journal is away");
        fix = new SessionFixture(
                Optional.of(new SlowJournal(CompletableFuture.failedFuture(new FailureException(away)))));
        fix.session.tell(fix.generate(STREAM, "m", Tokens.of(1), SamplingParams.greedy(3)));
        fix.submitted();
        fix.replica(new BatchActor.Admitted(STREAM, 1));
        assertThat(fix.refusal()).isEqualTo(away);
        assertThat(fix.replica.receiveMessage()).isInstanceOf(BatchActor.Cancel.class);

        fix.session.tell(request(fix, new Progress(0, 2, false, List.of(new Progress.Choice(Tokens.of(0), false)))));
        assertThat(fix.submitted().request().given()).containsExactly(Tokens.of(0));
        fix.replica(new BatchActor.Admitted(STREAM, 2));
        assertThat(fix.accepted().epoch()).isEqualTo(2);
    }

    @Test
    void showsAndDeletesWhatIsInMemoryAndInTheJournalForItsTenantAlone() throws Exception {
        restart("whole");
        fix.begin();
        fix.finish();
        restart("whole");
        assertThat(ask(Optional.of("stranger"), true)).isInstanceOf(SessionAnswer.Declined.class);
        assertThat(ask(Optional.of("stranger"), false)).isInstanceOf(SessionAnswer.Declined.class);
        var shown = (SessionAnswer.Conversation) ask(Optional.of("tenant"), true);
        assertThat(shown.turns().getFirst().state()).isEqualTo(TurnView.State.FINISHED);
        assertThat(shown.turns().getFirst().answers()).containsExactly("t0");
        fix.session.tell(fix.generate("s~2", "m", Tokens.of(1), SamplingParams.greedy(3)));
        fix.submitted();
        fix.replica(new BatchActor.Admitted("s~2", 1));
        fix.accepted();
        assertThat(((SessionAnswer.Conversation) ask(Optional.empty(), true)).turns())
                .extracting(TurnView::state)
                .containsExactly(TurnView.State.FINISHED, TurnView.State.RUNNING);
        assertThat(ask(Optional.of("tenant"), false)).isEqualTo(new SessionAnswer.Deleted());
        assertThat(fix.next()).isInstanceOf(StreamEvent.Failed.class);
        assertThat(fix.replica.receiveMessage()).isInstanceOf(BatchActor.Cancel.class);
        assertThat(Journals.rows("whole", "s~")).isZero();
        assertThat(ask(Optional.of("tenant"), false)).isInstanceOf(SessionAnswer.Declined.class);
    }

    private SessionAnswer ask(Optional<String> tenant, boolean describe) {
        TestProbe<SessionAnswer> answers = fix.kit.createTestProbe();
        fix.session.tell(
                describe
                        ? new SessionCommand.Describe("s", tenant, answers.getRef())
                        : new SessionCommand.Delete("s", tenant, answers.getRef()));
        return answers.receiveMessage();
    }

    private void restart(String database) {
        fix.kit.shutdownTestKit();
        fix = new SessionFixture(Optional.of(Journals.inMemory(database)));
    }

    private static SessionCommand request(SessionFixture fix, Progress progress) {
        var generate = (SessionCommand.Generate) fix.generate(STREAM, "m", Tokens.of(1), SamplingParams.greedy(3));
        return new SessionCommand.Continue(generate.answeredTo(fix.reader.getRef(), 2), progress);
    }

    /** A journal that holds nothing and answers every write alike. */
    private record SlowJournal(CompletionStage<Done> written) implements SessionJournal {
        @Override
        public CompletionStage<Done> begin(TurnRow row) {
            return written;
        }

        @Override
        public CompletionStage<Done> claim(TurnRow row, long epoch) {
            return written;
        }

        @Override
        public void finish(String stream, long epoch, long endedMillis, TurnLog log) {}

        @Override
        public void withdraw(String stream, long epoch) {}

        @Override
        public CompletionStage<Optional<TurnRow>> find(String stream) {
            return written.thenApply(_ -> Optional.empty());
        }

        @Override
        public CompletionStage<List<TurnView>> turns(String session, Optional<String> tenant) {
            return written.thenApply(_ -> List.of());
        }

        @Override
        public CompletionStage<Integer> delete(String session, Optional<String> tenant) {
            return written.thenApply(_ -> 0);
        }
    }
}
