package belle.gateway.stream;

import static org.assertj.core.api.Assertions.assertThat;

import belle.gateway.api.Errors;
import belle.proto.Failure;
import belle.proto.FinishReason;
import belle.proto.Prompt;
import belle.proto.SamplingParams;
import belle.proto.Tokens;
import belle.proto.Usage;
import belle.proto.session.Progress;
import belle.proto.session.SessionCommand;
import belle.proto.session.StreamEvent;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.FishingOutcomes;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.stream.javadsl.Sink;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A reader whose session is lost: what it asks of the next one, and what it hands on meanwhile. */
class ReaderActorTest {
    private static final String STREAM = "s~1";

    private final ActorTestKit kit = ActorTestKit.create();
    private final TestProbe<SessionCommand> region = kit.createTestProbe();
    private final TestProbe<SessionCommand> home = kit.createTestProbe();
    private final TestProbe<SessionCommand> elsewhere = kit.createTestProbe();
    private final CompletableFuture<OpenStream> opened = new CompletableFuture<>();
    private final StreamConfig config = new StreamConfig(
            9, 256, Duration.ofSeconds(3), Duration.ofSeconds(60), 4, Duration.ofMillis(300), 3, Duration.ofSeconds(9));

    private Optional<ActorRef<StreamEvent>> ears = Optional.empty();

    @AfterEach
    void stop() {
        kit.shutdownTestKit();
    }

    @Test
    void goesOnElsewhereBehindTheLastEventWhenTheSessionIsGone() throws Exception {
        var events = begin();
        tell(delta(1, 0, 7), delta(1, 1, 8));
        home.stop();
        SessionCommand.Continue asked = continued();
        assertThat(asked.progress())
                .isEqualTo(new Progress(1, 2, false, List.of(new Progress.Choice(Tokens.of(7, 8), false))));
        assertThat(asked.request()).isEqualTo(generate(asked.request().replyTo()));

        tell(delta(1, 2, 666)); // the lost session is not quite dead
        tell(delta(7, 2, 666)); // nobody has announced this epoch
        tell(accepted(2, elsewhere.getRef()), delta(2, 2, 9), finished(2, 3), done(2, 4));
        assertThat(events.get(9, TimeUnit.SECONDS))
                .containsExactly(delta(1, 0, 7), delta(1, 1, 8), delta(2, 2, 9), finished(2, 3), done(2, 4));
    }

    @Test
    void hasItsNextSessionPrepareWhileTheLeavingOneGoesOn() throws Exception {
        var events = begin();
        tell(delta(1, 0, 7), new StreamEvent.Moving(STREAM, 1));
        var asked = prepare().goingOn();
        assertThat(asked.progress())
                .isEqualTo(new Progress(0, 2, false, List.of(new Progress.Choice(Tokens.of(7), false))));
        tell(delta(1, 1, 8));
        assertThat(prepare().goingOn().progress().after()).isGreaterThanOrEqualTo(0); // asks again by itself
        tell(new StreamEvent.Prepared(STREAM));
        assertThat(continued().progress())
                .isEqualTo(new Progress(1, 2, false, List.of(new Progress.Choice(Tokens.of(7, 8), false))));
        home.fishForMessage(
                Duration.ofSeconds(3),
                heard -> heard.equals(new SessionCommand.Cancel(STREAM, 0, 0))
                        ? FishingOutcomes.complete()
                        : FishingOutcomes.continueAndIgnore());
        tell(delta(1, 2, 666), new StreamEvent.Prepared(STREAM)); // said by the one that was left
        tell(accepted(2, elsewhere.getRef()), delta(2, 2, 9));
        elsewhere.expectMessage(new SessionCommand.Acknowledge(STREAM, 2, 0, 0));
        tell(finished(2, 3), done(2, 4));
        assertThat(events.get(9, TimeUnit.SECONDS))
                .containsExactly(delta(1, 0, 7), delta(1, 1, 8), delta(2, 2, 9), finished(2, 3), done(2, 4));
    }

    @Test
    void goesOnWhenTheLeavingSessionDiesBeforeTheNextIsPrepared() throws Exception {
        var _ = begin();
        tell(delta(1, 0, 7), new StreamEvent.Moving(STREAM, 1));
        prepare();
        home.stop();
        assertThat(continued().progress().after()).isEqualTo(0);
    }

    @Test
    void asksAgainUntilSomebodyTakesTheStream() throws Exception {
        var events = begin();
        tell(delta(1, 0, 7));
        home.stop();
        assertThat(continued().progress().epoch()).isEqualTo(2);
        tell(new StreamEvent.Refused(STREAM, new Failure.Overloaded("full", 1)));
        assertThat(continued().progress().epoch()).isEqualTo(2);
        tell(accepted(2, elsewhere.getRef()), finished(2, 1), done(2, 2));
        assertThat(events.get(9, TimeUnit.SECONDS)).hasSize(3);
    }

    @Test
    void endsWithOneErrorWhenNobodyTakesTheStream() throws Exception {
        var events = begin();
        home.stop();
        assertThat(events.get(9, TimeUnit.SECONDS)).singleElement().isInstanceOf(StreamEvent.Failed.class);
    }

    @Test
    void aRefusalThatEverySessionWouldGiveEndsTheStream() throws Exception {
        var events = begin();
        home.stop();
        continued();
        tell(new StreamEvent.Refused(STREAM, new Failure.UnknownModel("m", List.of())));
        assertThat(events.get(9, TimeUnit.SECONDS)).singleElement().isInstanceOf(StreamEvent.Failed.class);
    }

    @Test
    void aFailureOfAnEpochThatIsOverOrThatNobodyAnnouncedDoesNotEndTheStream() throws Exception {
        var events = begin();
        tell(delta(1, 0, 7));
        home.stop();
        continued();
        tell(failed(1, 1)); // the lost session is not quite dead
        tell(accepted(2, elsewhere.getRef()), failed(1, 1), failed(7, 1), delta(2, 1, 8), finished(2, 2), done(2, 3));
        assertThat(events.get(9, TimeUnit.SECONDS))
                .containsExactly(delta(1, 0, 7), delta(2, 1, 8), finished(2, 2), done(2, 3));
    }

    @Test
    void whoIsReadElsewhereBeforeItHasBegunIsAnsweredSo() throws Exception {
        open(-1, ReaderActorTest::generate);
        region.expectMessageClass(SessionCommand.Generate.class)
                .replyTo()
                .tell(new StreamEvent.Refused(STREAM, StreamEvent.READ_ELSEWHERE));
        assertThat(opened.get(9, TimeUnit.SECONDS)).isEqualTo(new OpenStream.NotBegun(StreamEvent.READ_ELSEWHERE));
        assertThat(Errors.of(StreamEvent.READ_ELSEWHERE).status()).isEqualTo(409);
    }

    @Test
    void beginsOnlyWhenItKnowsWhatStandsBeforeItsPlace() throws Exception {
        open(3, ears -> new SessionCommand.Resume(STREAM, 3, 0, 0, ears));
        ActorRef<StreamEvent> reader =
                region.expectMessageClass(SessionCommand.Resume.class).replyTo();
        reader.tell(accepted(5, home.getRef())); // it is computed once more up to there
        var origin = new SessionCommand.Continue(generate(reader), Progress.none(1));
        reader.tell(new StreamEvent.Accepted(STREAM, 5, "m", 1, home.getRef(), Optional.of(origin), 1, 0, ""));
        var begun = (OpenStream.Begun) opened.get(9, TimeUnit.SECONDS);
        assertThat(begun.accepted().origin()).contains(origin);
    }

    @Test
    void saysWithItsNumberWhatItSays() throws Exception {
        open(-1, ReaderActorTest::generate);
        ears = Optional.of(
                region.expectMessageClass(SessionCommand.Generate.class).replyTo());
        tell(new StreamEvent.Accepted(STREAM, 1, "m", 1, home.getRef(), Optional.empty(), 4, 0, "b1"));
        var begun = (OpenStream.Begun) opened.get(9, TimeUnit.SECONDS);
        var _ = begun.events().runWith(Sink.seq(), kit.system());
        tell(delta(1, 0, 7));
        home.expectMessage(new SessionCommand.Acknowledge(STREAM, 0, 0, 4));
        tell(delta(1, 2, 7));
        assertThat(home.expectMessageClass(SessionCommand.Resume.class).reading())
                .isEqualTo(4);
        home.stop();
        SessionCommand.Generate request = continued().request();
        assertThat(request.reading()).isEqualTo(4);
        assertThat(request.bundle()).as("what began the stream ends it").isEqualTo("b1");
    }

    @Test
    void asksAgainBeforeItIsAccepted() {
        open(-1, ReaderActorTest::generate);
        region.expectMessageClass(SessionCommand.Generate.class);
        assertThat(continued().progress()).isEqualTo(Progress.none(1));
    }

    @Test
    void aStreamThatWasTakenOverFromAnotherGatewayGoesOnToo() {
        open(3, ears -> new SessionCommand.Resume(STREAM, 3, 0, 0, ears));
        ActorRef<StreamEvent> reader =
                region.expectMessageClass(SessionCommand.Resume.class).replyTo();
        var origin = new SessionCommand.Continue(
                generate(reader), new Progress(3, 1, true, List.of(new Progress.Choice(Tokens.of(1, 2, 3), false))));
        reader.tell(new StreamEvent.Accepted(STREAM, 5, "m", 1, home.getRef(), Optional.of(origin), 1, 0, ""));
        reader.tell(delta(5, 4, 4));
        home.stop();
        assertThat(continued().progress())
                .isEqualTo(new Progress(4, 6, true, List.of(new Progress.Choice(Tokens.of(1, 2, 3, 4), false))));
    }

    private CompletableFuture<List<StreamEvent.Indexed>> begin() throws Exception {
        open(-1, ReaderActorTest::generate);
        ears = Optional.of(
                region.expectMessageClass(SessionCommand.Generate.class).replyTo());
        tell(accepted(1, home.getRef()));
        var begun = (OpenStream.Begun) opened.get(9, TimeUnit.SECONDS);
        return begun.events().runWith(Sink.seq(), kit.system()).toCompletableFuture();
    }

    private void open(long after, Function<ActorRef<StreamEvent>, SessionCommand> first) {
        kit.spawn(ReaderActor.create(new Wish(region.getRef(), STREAM, after, 0, first, opened), config));
    }

    private void tell(StreamEvent... events) {
        for (StreamEvent event : events) {
            ears.orElseThrow().tell(event);
        }
    }

    private SessionCommand.Prepare prepare() {
        return region.expectMessageClass(SessionCommand.Prepare.class);
    }

    /** The next question to the region, past acknowledgements. */
    private SessionCommand.Continue continued() {
        for (; ; ) {
            if (region.receiveMessage() instanceof SessionCommand.Continue asked) {
                return asked;
            }
        }
    }

    private StreamEvent accepted(long epoch, ActorRef<SessionCommand> session) {
        return new StreamEvent.Accepted(STREAM, epoch, "m", 1, session, Optional.empty(), 0, 0, "");
    }

    private static StreamEvent.Indexed delta(long epoch, long index, int id) {
        return new StreamEvent.Delta(STREAM, epoch, index, 0, Tokens.of(id), "t" + id, List.of());
    }

    private static StreamEvent.Indexed finished(long epoch, long index) {
        return new StreamEvent.Finished(STREAM, epoch, index, 0, "", FinishReason.STOP);
    }

    private static StreamEvent.Indexed done(long epoch, long index) {
        return new StreamEvent.Done(STREAM, epoch, index, new Usage(1, 0, 3));
    }

    private static StreamEvent.Indexed failed(long epoch, long index) {
        return new StreamEvent.Failed(STREAM, epoch, index, new Failure.Internal("dying"));
    }

    private static SessionCommand.Generate generate(ActorRef<StreamEvent> reader) {
        return new SessionCommand.Generate(
                STREAM, "m", new Prompt.Text("a"), SamplingParams.greedy(9), "t", false, reader);
    }
}
