package belle.session;

import static org.assertj.core.api.Assertions.assertThat;

import belle.proto.SamplingParams;
import belle.proto.Tokens;
import belle.proto.session.Progress;
import belle.proto.session.SessionCommand;
import belle.proto.session.StreamEvent;
import belle.replica.BatchActor;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Several readers of one stream: who has it, who has it back, and what each is told. */
class ReadersTest {
    private static final String STREAM = SessionFixture.STREAM;
    private static final long ASKED = 0;
    private static final long CLOCK_BEHIND = -2000;

    private final SessionFixture fix = new SessionFixture();
    private final TestProbe<StreamEvent> newcomer = fix.kit.createTestProbe();

    @BeforeEach
    void readTwoEvents() {
        fix.begin();
        fix.produce(0, 2);
        IntStream.range(0, 2).forEach(_ -> fix.next());
    }

    @AfterEach
    void stop() {
        fix.kit.shutdownTestKit();
    }

    @Test
    void aClientThatComesBackHasTheStreamWhateverTheClockOfItsGatewaySays() {
        fix.session.tell(new SessionCommand.Resume(STREAM, 0, CLOCK_BEHIND, 0, newcomer.getRef()));
        assertThat(accepted(newcomer).reading()).isEqualTo(2);
        assertThat(newcomer.receiveMessage()).isEqualTo(SessionFixture.delta(1, 1));
        fix.session.tell(new SessionCommand.Cancel(STREAM, ASKED, 1)); // its old gateway notices
        fix.produce(2, 3);
        assertThat(newcomer.receiveMessage()).isEqualTo(SessionFixture.delta(1, 2));
        fix.replica.expectNoMessage();
        fix.reader.expectNoMessage();
    }

    @Test
    void aRequestThatIsHandledLateGivesTheStreamBackWhenItsReaderLeaves() {
        fix.session.tell(new SessionCommand.Resume(STREAM, -1, 5, 0, newcomer.getRef()));
        fix.produce(2, 3);
        fix.session.tell(new SessionCommand.Acknowledge(STREAM, 1, ASKED, 1));
        fix.session.tell(new SessionCommand.Resume(STREAM, 1, ASKED, 1, fix.reader.getRef())); // it misses an event
        fix.session.tell(new SessionCommand.Cancel(STREAM, 5, 0));
        assertThat(fix.accepted().reading()).isEqualTo(1);
        assertThat(fix.next()).isEqualTo(SessionFixture.delta(1, 2));
        fix.session.tell(new SessionCommand.Acknowledge(STREAM, 2, ASKED, 1));
        fix.produce(3, 4);
        assertThat(fix.next()).isEqualTo(SessionFixture.delta(1, 3));
        fix.time.timePasses(Duration.ofSeconds(3));
        fix.reader.expectNoMessage();
        fix.replica.expectNoMessage();
    }

    @Test
    void theSameWhenTheNewcomersProcessDies() {
        fix.session.tell(new SessionCommand.Resume(STREAM, 1, 5, 0, newcomer.getRef()));
        accepted(newcomer);
        newcomer.stop();
        assertThat(fix.accepted().reading()).isEqualTo(1);
        fix.time.timePasses(Duration.ofSeconds(3));
        fix.replica.expectNoMessage();
    }

    @Test
    void whoWasDisplacedIsToldWhenTheNewcomerStays() {
        fix.session.tell(new SessionCommand.Resume(STREAM, 1, 5, 0, newcomer.getRef()));
        accepted(newcomer);
        fix.time.timePasses(SessionFixture.CONFIG.readerGrace());
        fix.reader.expectNoMessage(); // nothing shows yet that the newcomer is alive
        fix.session.tell(new SessionCommand.Acknowledge(STREAM, 1, 5, 2));
        fix.time.timePasses(SessionFixture.CONFIG.readerGrace());
        var end = (StreamEvent.Failed) fix.next();
        assertThat(end.failure()).isEqualTo(StreamEvent.READ_ELSEWHERE);
        assertThat(end.epoch()).isEqualTo(1);
        fix.session.tell(new SessionCommand.Resume(STREAM, 0, ASKED, 1, fix.reader.getRef()));
        assertThat(fix.refusal()).isEqualTo(StreamEvent.READ_ELSEWHERE);
        fix.session.tell(new SessionCommand.Cancel(STREAM, ASKED, 1));
        fix.produce(2, 3);
        assertThat(newcomer.receiveMessage()).isEqualTo(SessionFixture.delta(1, 2));
    }

    @Test
    void whoWasDisplacedBeforeItWasAcceptedIsRefused() {
        TestProbe<StreamEvent> first = fix.kit.createTestProbe();
        SessionCommand.Generate request = request("s~2").answeredTo(first.getRef(), 7);
        fix.session.tell(request);
        fix.submitted();
        fix.session.tell(new SessionCommand.Continue(request.answeredTo(newcomer.getRef(), 6), Progress.none(1)));
        fix.session.tell(new SessionCommand.Continue(request, Progress.none(1))); // asks once more, and waits
        fix.session.tell(new SessionCommand.Acknowledge("s~2", -1, 6, 0));
        fix.time.timePasses(SessionFixture.CONFIG.readerGrace());
        assertThat(first.receiveMessage()).isEqualTo(new StreamEvent.Refused("s~2", StreamEvent.READ_ELSEWHERE));
        fix.replica(new BatchActor.Admitted("s~2", 1));
        assertThat(accepted(newcomer).reading()).isEqualTo(2);
    }

    @Test
    void numbersGoWithTheReadersToTheirNextSession() {
        SessionCommand.Generate request = request("s~2");
        var progress = new Progress(0, 2, false, List.of(new Progress.Choice(Tokens.of(0), false)));
        fix.session.tell(new SessionCommand.Continue(request.answeredTo(fix.reader.getRef(), 9, 1), progress));
        fix.submitted();
        fix.session.tell(new SessionCommand.Continue(request.answeredTo(newcomer.getRef(), 3, 2), progress));
        fix.replica(new BatchActor.Admitted("s~2", 2));
        assertThat(accepted(newcomer).reading()).isEqualTo(2);
        fix.session.tell(new SessionCommand.Acknowledge("s~2", 0, 3, 2));
        fix.time.timePasses(SessionFixture.CONFIG.readerGrace());
        assertThat(fix.refusal()).isEqualTo(StreamEvent.READ_ELSEWHERE);
        fix.session.tell(new SessionCommand.Continue(request.answeredTo(fix.reader.getRef(), 9, 1), progress));
        assertThat(fix.refusal()).isEqualTo(StreamEvent.READ_ELSEWHERE);
    }

    private static StreamEvent.Accepted accepted(TestProbe<StreamEvent> reader) {
        return (StreamEvent.Accepted) reader.receiveMessage();
    }

    private SessionCommand.Generate request(String stream) {
        return (SessionCommand.Generate) fix.generate(stream, "m", Tokens.of(1), SamplingParams.greedy(9));
    }
}
