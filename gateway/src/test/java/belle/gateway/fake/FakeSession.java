package belle.gateway.fake;

import belle.proto.Failure;
import belle.proto.FinishReason;
import belle.proto.TokenLogprob;
import belle.proto.Tokens;
import belle.proto.Usage;
import belle.proto.session.SessionAnswer;
import belle.proto.session.SessionCommand;
import belle.proto.session.StreamEvent;
import belle.proto.session.TurnView;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/** A session that plays {@link Script}s, with a window of unacknowledged events and a log to resume from. */
public final class FakeSession extends AbstractBehavior<Object> {
    private static final int WINDOW = 64;
    private static final long EPOCH = 1;
    /** When it takes every request. */
    public static final long BEGUN_MILLIS = 1_700_000_000_000L;

    /** Told to itself: send what is due. */
    private record Due(String stream) {}

    private static final class Turn {
        private final StreamEvent.Accepted accepted;
        private final List<StreamEvent.Indexed> events;
        private ActorRef<StreamEvent> reader;
        private int next;
        private long taken = -1;
        private long reading = 1;
        private boolean cancelled;

        private Turn(StreamEvent.Accepted accepted, List<StreamEvent.Indexed> events, ActorRef<StreamEvent> reader) {
            this.accepted = accepted;
            this.events = events;
            this.reader = reader;
        }
    }

    private final Witness witness;
    private final Duration interval;
    private final TimerScheduler<Object> timers;
    private final Map<String, Turn> turns = new HashMap<>();

    static Behavior<SessionCommand> create(Witness witness, Duration interval) {
        Behavior<Object> session = Behaviors.setup(
                context -> Behaviors.withTimers(timers -> new FakeSession(witness, interval, timers, context)));
        return session.narrow();
    }

    private FakeSession(
            Witness witness, Duration interval, TimerScheduler<Object> timers, ActorContext<Object> context) {
        super(context);
        this.witness = witness;
        this.interval = interval;
        this.timers = timers;
    }

    @Override
    public Receive<Object> createReceive() {
        return newReceiveBuilder().onAnyMessage(this::onMessage).build();
    }

    private Behavior<Object> onMessage(Object command) {
        switch (command) {
            case SessionCommand.Generate generate -> begin(generate);
            case SessionCommand.Continue(var generate, var progress) -> {
                if (turns.containsKey(generate.stream())) {
                    resume(generate.resume(progress.after()));
                } else {
                    begin(generate);
                }
            }
            case SessionCommand.Resume resume -> resume(resume);
            case SessionCommand.Acknowledge(String stream, long index, var _, long reading) -> {
                Turn turn = turns.get(stream);
                if (turn != null && reading == turn.reading) {
                    turn.taken = Math.max(turn.taken, index);
                    schedule(stream);
                }
            }
            case SessionCommand.Cancel(String stream, var _, long reading) -> {
                Turn turn = turns.get(stream);
                if (turn == null || reading == 0 || reading == turn.reading) {
                    witness.sawCancel(stream);
                }
                if (turn != null && reading == turn.reading) {
                    turn.cancelled = true;
                }
            }
            case SessionCommand.OfWhole question -> question.replyTo().tell(answer(question));
            case Due(String stream) -> send(stream);
            default -> throw new IllegalStateException("not a session's command: " + command);
        }
        return this;
    }

    /** There is one turn, of the tenant "owner". */
    private static SessionAnswer answer(SessionCommand.OfWhole question) {
        if (!question.tenant().equals(Optional.of("owner"))) {
            return new SessionAnswer.Declined(new Failure.NotFound("no such session"));
        }
        return switch (question) {
            case SessionCommand.Describe(String session, var _, var _) ->
                new SessionAnswer.Conversation(List.of(
                        new TurnView(session + "~1", "fake", TurnView.State.OPEN, List.of(), 5999, Optional.empty()),
                        new TurnView(
                                session + "~2",
                                "fake",
                                TurnView.State.FINISHED,
                                List.of("A", "B"),
                                7000,
                                Optional.of(8001L))));
            case SessionCommand.Delete _ -> new SessionAnswer.Deleted();
        };
    }

    private void begin(SessionCommand.Generate generate) {
        witness.saw(generate);
        Script script = Script.of(generate.prompt());
        if (script.silent()) {
            return;
        }
        if (script.refusal().isPresent()) {
            generate.replyTo()
                    .tell(new StreamEvent.Refused(
                            generate.stream(), script.refusal().get()));
            return;
        }
        var accepted = new StreamEvent.Accepted(
                generate.stream(),
                EPOCH,
                generate.model(),
                Script.promptTokens(generate.prompt()),
                getContext().getSelf().unsafeUpcast(),
                Optional.of(new SessionCommand.Continue(generate, generate.nothingHeard())),
                1,
                BEGUN_MILLIS,
                "bundle");
        turns.put(generate.stream(), new Turn(accepted, events(generate, script), generate.replyTo()));
        generate.replyTo().tell(accepted);
        schedule(generate.stream());
    }

    private void resume(SessionCommand.Resume resume) {
        String stream = resume.stream();
        Turn turn = turns.get(stream);
        if (turn == null || resume.after() >= turn.events.size()) {
            Failure unknown = new Failure.NotFound("stream " + stream + " is not known");
            resume.replyTo().tell(new StreamEvent.Refused(stream, unknown));
            return;
        }
        if (resume.reading() > 0 && resume.reading() < turn.reading) {
            resume.replyTo().tell(new StreamEvent.Refused(stream, StreamEvent.READ_ELSEWHERE));
            return;
        }
        turn.reading = resume.replyTo().equals(turn.reader) ? turn.reading : turn.reading + 1;
        turn.reader = resume.replyTo();
        turn.cancelled = false;
        turn.next = (int) resume.after() + 1;
        turn.taken = resume.after();
        StreamEvent.Accepted how = turn.accepted;
        turn.reader.tell(new StreamEvent.Accepted(
                stream,
                how.epoch(),
                how.model(),
                how.promptTokens(),
                how.session(),
                how.origin(),
                turn.reading,
                how.begun(),
                how.bundle()));
        schedule(stream);
    }

    private void schedule(String stream) {
        if (interval.isZero()) {
            getContext().getSelf().tell(new Due(stream));
        } else if (!timers.isTimerActive(stream)) {
            timers.startSingleTimer(stream, new Due(stream), interval);
        }
    }

    private void send(String stream) {
        Turn turn = turns.get(stream);
        if (turn == null || turn.cancelled || turn.next >= turn.events.size() || turn.next - turn.taken > WINDOW) {
            return;
        }
        turn.reader.tell(turn.events.get(turn.next));
        witness.sawSent(stream, turn.next);
        turn.next++;
        schedule(stream);
    }

    private static List<StreamEvent.Indexed> events(SessionCommand.Generate generate, Script script) {
        String stream = generate.stream();
        List<StreamEvent.Indexed> events = new ArrayList<>();
        int alternatives = generate.params().topLogprobs();
        if (generate.echoPrompt()) {
            List<TokenLogprob> scored = new ArrayList<>();
            scored.add(new TokenLogprob(1, "P", Double.NaN, List.of()));
            scored.add(new TokenLogprob(2, "Q", -0.5, List.of()));
            events.add(new StreamEvent.PromptScored(stream, EPOCH, 0, scored));
        }
        int choices = generate.params().n();
        int length = Math.min(script.pieces().size(), generate.params().maxTokens());
        for (int token = 0; token < length; token++) {
            if (token == script.breaksAfter()) {
                events.add(new StreamEvent.Failed(
                        stream, EPOCH, events.size(), new Failure.Internal("the device fell over")));
                return events;
            }
            if (token == 1 && script.holds()) {
                return events;
            }
            String text = script.pieces().get(token);
            for (int choice = 0; choice < choices; choice++) {
                events.add(new StreamEvent.Delta(
                        stream, EPOCH, events.size(), choice, Tokens.of(token), text, logprobs(text, alternatives)));
            }
        }
        boolean whole = length == script.pieces().size();
        for (int choice = 0; choice < choices; choice++) {
            events.add(new StreamEvent.Finished(
                    stream, EPOCH, events.size(), choice, "", whole ? FinishReason.STOP : FinishReason.LENGTH));
        }
        int prompt = Script.promptTokens(generate.prompt());
        events.add(new StreamEvent.Done(stream, EPOCH, events.size(), new Usage(prompt, prompt / 2, length * choices)));
        return events;
    }

    private static List<TokenLogprob> logprobs(String text, int alternatives) {
        if (alternatives < 0) {
            return List.of();
        }
        List<TokenLogprob.Alternative> top = new ArrayList<>();
        for (int i = 0; i < alternatives; i++) {
            top.add(new TokenLogprob.Alternative(i, i == 0 ? text : "alt" + i, -0.25 * (i + 1)));
        }
        return List.of(new TokenLogprob(0, text, -0.25, top));
    }
}
