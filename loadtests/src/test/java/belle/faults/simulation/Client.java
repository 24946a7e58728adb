package belle.faults.simulation;

import belle.faults.history.Entry;
import belle.faults.history.Entry.Kind;
import belle.faults.history.Piece;
import belle.gateway.api.Errors;
import belle.gateway.stream.OpenStream;
import belle.proto.Failure;
import belle.proto.session.SessionCommand;
import belle.proto.session.StreamEvent;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;

/** Gets one answer, however often it must ask, and writes down what it sees. */
final class Client implements Connection.End {
    private static final int MOST_ATTEMPTS = 60;
    private static final int SHORT_MILLIS = 900;

    /** Longer than a session computes on for a client that is away. */
    private static final int LONG_MILLIS = 5000;

    private static final int OVERLOADED = 429;
    private static final int UNAVAILABLE = 503;

    /** Of a stream's bad end, which no session need have said. */
    private static final long NO_EPOCH = -1;

    private final Wanted wanted;
    private final SimulatedTime time;
    private final List<Gateway> gateways;
    private final Recorder recorder;
    private final BooleanSupplier calm;
    private Optional<Connection> connection = Optional.empty();
    private int attempts;
    private boolean over;
    private boolean accepted;
    private String stream = "";
    private long after = -1;
    /** Behind which event the rest was asked for in this attempt; what is told again up to there is left out. */
    private long asked = -1;
    /** The highest heard of in this attempt. */
    private long epoch = NO_EPOCH;

    private Told told = new Told();
    private Collected collected = new Collected();

    /** @param calm whether no fault is near but one that is over */
    Client(Wanted wanted, SimulatedTime time, List<Gateway> gateways, Recorder recorder, BooleanSupplier calm) {
        this.calm = calm;
        this.wanted = wanted;
        this.time = time;
        this.gateways = gateways;
        this.recorder = recorder;
    }

    /** Whether it has its answer, or none will come. */
    boolean over() {
        return over;
    }

    /** Whether it has a connection that it can lose without losing its answer. */
    boolean listens() {
        return connection.isPresent() && wanted.kind() != Kind.WHOLE;
    }

    /** Asks for the first time. */
    void begin() {
        recorder.add(at -> new Entry.Expected(at, wanted.name(), Undisturbed.answer(wanted)));
        if (wanted.leaves()) {
            time.in(time.between(1, 600) * SimulatedTime.MILLIS, this::leave);
        }
        ask();
    }

    private void ask() {
        if (over) {
            return;
        }
        Gateway gateway = gateways.get(time.below(gateways.size()));
        int attempt = attempts++;
        long behind = after;
        recorder.add(at -> new Entry.Sent(
                at, wanted.name(), attempt, wanted.kind(), gateway.host().toString(), behind));
        if (gateway.host().dead()) {
            connection = Optional.empty();
            recorder.add(at -> new Entry.CutOff(at, wanted.name(), attempt, "nobody listens"));
            askLater();
            return;
        }
        asked = after;
        epoch = NO_EPOCH;
        collected = new Collected();
        told = new Told();
        connection = Optional.of(new Connection(time, gateway, open(gateway), this));
    }

    private CompletableFuture<OpenStream> open(Gateway gateway) {
        if (wanted.kind() == Kind.STREAM && accepted) {
            String begun = stream;
            long from = Math.max(-1, asked - 1);
            return gateway.take(() -> gateway.resume(wanted, begun, from));
        }
        String name = wanted.session() + "~" + wanted.name() + (wanted.kind() == Kind.KEYED ? "" : "." + attempts);
        stream = name;
        return gateway.take(() ->
                wanted.kind() == Kind.KEYED ? gateway.generateOrJoin(wanted, name) : gateway.generate(wanted, name));
    }

    /** The gateway has died, or does not answer for too long. */
    void lose(Gateway gateway) {
        if (connection.filter(known -> known.gateway() == gateway).isPresent()) {
            connection.ifPresent(Connection::hangUp);
            cutOff("the connection broke");
        }
    }

    /** The connection breaks, and the gateway learns of it only later. */
    void loseSight() {
        connection.ifPresent(lost -> {
            lost.abandon();
            time.in(time.between(0, SimulatedTime.SECOND_IN_MICROS), lost::hangUp);
            cutOff("the connection broke");
        });
    }

    private void cutOff(String why) {
        connection = Optional.empty();
        recorder.add(at -> new Entry.CutOff(at, wanted.name(), attempts - 1, why));
        if (wanted.kind() == Kind.WHOLE) {
            over = true;
        } else {
            askLater();
        }
    }

    private void askLater() {
        if (attempts == MOST_ATTEMPTS) {
            over = true;
        } else {
            long most = time.oneIn(4) ? LONG_MILLIS : SHORT_MILLIS;
            time.in(time.between(5, most) * SimulatedTime.MILLIS, this::ask);
        }
    }

    private void leave() {
        if (!over) {
            recorder.add(at -> new Entry.Left(at, wanted.name(), attempts - 1));
            end();
        }
    }

    private void end() {
        over = true;
        connection.ifPresent(Connection::hangUp);
        connection = Optional.empty();
    }

    @Override
    public void begun(StreamEvent.Accepted how) {
        how.origin().map(SessionCommand.Continue::progress).ifPresent(known -> {
            for (int choice = 0; choice < known.choices().size(); choice++) {
                told.begin(choice, known.choices().get(choice).characters());
            }
        });
        if (wanted.kind() == Kind.STREAM) {
            accepted = true;
            recorder.add(at -> new Entry.Begun(at, wanted.name(), attempts - 1, stream));
        }
        connection.ifPresent(Connection::read);
    }

    @Override
    public void refused(Failure failure) {
        connection = Optional.empty();
        int status = Errors.of(failure).status();
        recorder.add(at -> new Entry.Refused(at, wanted.name(), attempts - 1, status, failure.message()));
        if (status == OVERLOADED || status == UNAVAILABLE) {
            askLater();
        } else {
            over = true;
        }
    }

    @Override
    public void heard(StreamEvent.Indexed event) {
        if (wanted.kind() == Kind.STREAM) {
            hear(event);
        } else {
            collect(event);
        }
        if (!over) {
            time.in(wanted.pauseMicros(), () -> connection.ifPresent(Connection::read));
        }
    }

    private void hear(StreamEvent.Indexed event) {
        boolean old = event.index() <= asked;
        boolean wentOn = epoch != NO_EPOCH && event.epoch() > epoch;
        epoch = Math.max(epoch, event.epoch());
        if (wentOn && wanted.unlucky() && calm.getAsBoolean()) {
            loseSight();
            return;
        }
        switch (event) {
            case StreamEvent.PromptScored scored -> write(event, old, Wanted.echoed(scored.tokens(), told));
            case StreamEvent.Delta delta ->
                write(
                        event,
                        old,
                        new Piece.Text(delta.choice(), delta.text(), told.next(delta.choice(), delta.logprobs())));
            case StreamEvent.Finished finished ->
                write(
                        event,
                        old,
                        new Piece.Finish(finished.choice(), finished.text(), Wanted.reason(finished.reason())));
            case StreamEvent.Done done -> {
                write(
                        event,
                        old,
                        new Piece.Usage(
                                done.usage().promptTokens(), done.usage().completionTokens()));
                write(event, false, new Piece.End());
                end();
            }
            case StreamEvent.Failed failed
            when failed.failure().equals(Errors.LEAVING) -> {
                connection.ifPresent(Connection::hangUp);
                cutOff("the gateway leaves");
            }
            case StreamEvent.Failed failed -> {
                Failure why = failed.failure();
                var broken = new Piece.Broken(String.valueOf(Errors.of(why).code()), why.message());
                recorder.add(at -> new Entry.Heard(at, wanted.name(), attempts - 1, event.index(), NO_EPOCH, broken));
                end();
            }
        }
    }

    private void write(StreamEvent.Indexed event, boolean old, Piece piece) {
        if (!old) {
            after = Math.max(after, event.index());
            recorder.add(at -> new Entry.Heard(at, wanted.name(), attempts - 1, event.index(), event.epoch(), piece));
        }
    }

    private void collect(StreamEvent.Indexed event) {
        switch (event) {
            case StreamEvent.PromptScored scored -> {
                Piece.Text echo = Wanted.echoed(scored.tokens(), told);
                collected.add(0, echo.text(), echo.logprobs());
            }
            case StreamEvent.Delta delta ->
                collected.add(delta.choice(), delta.text(), told.next(delta.choice(), delta.logprobs()));
            case StreamEvent.Finished finished ->
                collected.finish(finished.choice(), finished.text(), Wanted.reason(finished.reason()));
            case StreamEvent.Done done -> {
                var answer = collected.answer(
                        done.usage().promptTokens(), done.usage().completionTokens());
                recorder.add(at -> new Entry.Answered(at, wanted.name(), attempts - 1, stream, answer));
                end();
            }
            case StreamEvent.Failed failed -> {
                connection.ifPresent(Connection::hangUp);
                refused(failed.failure());
            }
        }
    }

    @Override
    public void broken() {
        cutOff("the stream ended too early");
    }
}
