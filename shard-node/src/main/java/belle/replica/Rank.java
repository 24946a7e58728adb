package belle.replica;

import belle.engine.Step;
import belle.proto.Check;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.typed.ActorRef;

/** The batch loop's view of its rank: at most one step is under way, and how long it has been. */
final class Rank {
    private final long loan;
    private final ActorRef<RankActor.Run> actor;
    private final ActorRef<RankActor.Answer> answers;
    private final LongSupplier clockNanos;
    private Optional<Long> begunNanos = Optional.empty();
    private long stepsRun;

    Rank(long loan, ActorRef<RankActor.Run> actor, ActorRef<RankActor.Answer> answers, LongSupplier clockNanos) {
        this.loan = loan;
        this.actor = actor;
        this.answers = answers;
        this.clockNanos = clockNanos;
    }

    void run(Step step) {
        Check.that(begunNanos.isEmpty(), "step %s was begun while another one runs", step.number());
        begunNanos = Optional.of(clockNanos.getAsLong());
        stepsRun++;
        actor.tell(new RankActor.Run(loan, step, answers));
    }

    /** Tells whether a step was begun by this loop, and not by one that has crashed since. */
    boolean isOurs(RankActor.Answer answer) {
        return answer.loan() == loan;
    }

    /** Ends the step under way and returns how many nanoseconds it took, the way to the rank and back included. */
    long finish() {
        long nanos = clockNanos.getAsLong() - begunNanos.orElseThrow();
        begunNanos = Optional.empty();
        return nanos;
    }

    boolean runsLongerThan(Duration deadline) {
        return begunNanos
                .map(begun -> clockNanos.getAsLong() - begun > deadline.toNanos())
                .orElse(false);
    }

    long stepsRun() {
        return stepsRun;
    }
}
