package belle.session;

import static org.assertj.core.api.Assertions.assertThat;

import belle.engine.Output;
import belle.engine.SequenceId;
import belle.proto.Failure;
import belle.proto.FinishReason;
import belle.proto.Prompt;
import belle.proto.SamplingParams;
import belle.proto.Tokens;
import belle.proto.Usage;
import belle.proto.session.SessionCommand;
import belle.proto.session.StreamEvent;
import belle.replica.BatchActor;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;

/** A session whose replica, reader and way elsewhere are played by a test. */
final class SessionFixture {
    static final String STREAM = "s~1";
    static final SessionConfig CONFIG = new SessionConfig(
            4,
            Duration.ofSeconds(60),
            Duration.ofSeconds(2),
            Duration.ofSeconds(100),
            2,
            100,
            1,
            Duration.ofSeconds(1000));

    final ActorTestKit kit = ActorTestKit.create(ManualTime.config());
    final ManualTime time = ManualTime.get(kit.system());
    final TestProbe<BatchActor.Command> replica = kit.createTestProbe();
    final TestProbe<StreamEvent> reader = kit.createTestProbe();
    final TestProbe<SessionCommand> elsewhere = kit.createTestProbe();
    final TestProbe<Object> door = kit.createTestProbe();
    final AtomicInteger passivated = new AtomicInteger();
    final AtomicInteger left = new AtomicInteger();
    final ServedModel model = model("b1", List.of(replica.getRef()));
    final ServedModels models = ServedModels.of(model);
    final ActorRef<SessionCommand> session;
    final Deque<BatchActor.Submit> submits = new ArrayDeque<>();

    /** A session that writes nothing down. */
    SessionFixture() {
        this(Optional.empty());
    }

    SessionFixture(Optional<SessionJournal> journal) {
        session = kit.spawn(SessionActor.create(CONFIG, models, home(), journal));
    }

    void begin() {
        session.tell(generate(STREAM, "m", Tokens.of(1), SamplingParams.greedy(3)));
        submitted();
        replica(new BatchActor.Admitted(STREAM, 1));
        StreamEvent.Accepted accepted = accepted();
        assertThat(accepted.begun()).isPositive();
        assertThat(accepted)
                .isEqualTo(new StreamEvent.Accepted(
                        STREAM, 1, "m", 1, session, Optional.empty(), 1, accepted.begun(), "b1"));
    }

    /** The replica gives the one token that there is, and the end. */
    void end(long epoch) {
        replica(new BatchActor.Produced(
                STREAM,
                epoch,
                List.of(
                        token(0),
                        new Output.Finished(new SequenceId(STREAM, 0), "", FinishReason.LENGTH),
                        new Output.Done(STREAM, new Usage(1, 0, 1)))));
    }

    void finish() {
        end(1);
        next();
        next();
        assertThat(next()).isInstanceOf(StreamEvent.Done.class);
        assertThat(replica.receiveMessage()).isInstanceOf(BatchActor.Cancel.class);
    }

    void produce(int from, int to) {
        produce(1, from, to);
    }

    void produce(long epoch, int from, int to) {
        replica(new BatchActor.Produced(
                STREAM,
                epoch,
                IntStream.range(from, to).mapToObj(SessionFixture::token).toList()));
    }

    static Output token(int index) {
        return new Output.Token(new SequenceId(STREAM, 0), index, index, "t" + index, Optional.empty());
    }

    static StreamEvent delta(long epoch, int index) {
        return new StreamEvent.Delta(STREAM, epoch, index, 0, Tokens.of(index), "t" + index, List.of());
    }

    StreamEvent.Accepted accepted() {
        return (StreamEvent.Accepted) next();
    }

    StreamEvent next() {
        return reader.receiveMessage();
    }

    Failure refusal() {
        return ((StreamEvent.Refused) next()).failure();
    }

    BatchActor.Submit submitted() {
        submits.add((BatchActor.Submit) replica.receiveMessage());
        return submits.getLast();
    }

    void replica(BatchActor.Event event) {
        submits.getLast().replyTo().tell(event);
    }

    SessionCommand generate(String stream, String model, Tokens prompt, SamplingParams params) {
        return new SessionCommand.Generate(
                stream, model, new Prompt.Ids(prompt), params, "tenant", false, reader.getRef());
    }

    /** The model "m" as bundle {@code bundle} on some replicas. */
    static ServedModel model(String bundle, List<ActorRef<BatchActor.Command>> replicas) {
        return new ServedModel("m", bundle, 100, 50, prompt -> ((Prompt.Ids) prompt).ids(), new Replicas(replicas));
    }

    SessionHome home() {
        return new SessionHome() {
            @Override
            public String id() {
                return "s";
            }

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
