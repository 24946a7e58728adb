package belle.replica;

import belle.engine.Logits;
import belle.engine.Step;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.runtime.RanksLost;
import belle.runtime.StepRunner;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * A replica's ranks: owns their {@link StepRunner} and runs the steps it is sent, one after the other.
 *
 * <p>It is the one actor that blocks, for as long as the kernels run; spawn it on {@link #DISPATCHER}.
 */
final class RankActor {
    static final DispatcherSelector DISPATCHER = DispatcherSelector.fromConfig("belle.rank-dispatcher");

    /**
     * Runs a step.
     *
     * @param loan the batch loop's loan of the cache, given back in the answer, so that a later loop knows its own steps
     */
    record Run(long loan, Step step, ActorRef<Answer> replyTo) {}

    /** How a step went. */
    sealed interface Answer {
        long loan();
    }

    /** The ranks may be sent the next step. */
    sealed interface StepEnded extends Answer {}

    /** The logits are valid until the next {@link Run} is sent. */
    record StepDone(long loan, Step step, Logits logits) implements StepEnded {}

    /** The device refused or failed the step; it may be sent others. */
    record StepFailed(long loan, Step step, Failure failure) implements StepEnded {}

    /**
     * The step failed, and what the cache held is gone.
     *
     * @param begun false when the ranks could not even be started for it
     */
    record CacheLost(long loan, Step step, boolean begun) implements Answer {}

    private final ActorContext<Run> context;
    private final StepRunner runner;

    /** An actor that owns {@code runner} and closes it when it stops. */
    static Behavior<Run> create(StepRunner runner) {
        return Behaviors.setup(context -> new RankActor(context, runner).running());
    }

    private RankActor(ActorContext<Run> context, StepRunner runner) {
        this.context = context;
        this.runner = runner;
    }

    private Behavior<Run> running() {
        return Behaviors.receive(Run.class)
                .onMessage(Run.class, run -> {
                    run.replyTo().tell(answer(run));
                    return Behaviors.same();
                })
                .onSignal(PostStop.class, _ -> {
                    runner.close();
                    return Behaviors.same();
                })
                .build();
    }

    private Answer answer(Run run) {
        try {
            return new StepDone(run.loan(), run.step(), runner.run(run.step()));
        } catch (RanksLost e) {
            context.getLog()
                    .error(
                            "step {} failed, and all that the cache held is lost",
                            run.step().number(),
                            e);
            return new CacheLost(run.loan(), run.step(), e.begun());
        } catch (FailureException e) {
            context.getLog().error("step {} failed", run.step().number(), e);
            return new StepFailed(run.loan(), run.step(), e.failure());
        } catch (RuntimeException e) {
            context.getLog().error("step {} failed", run.step().number(), e);
            return new StepFailed(
                    run.loan(), run.step(), new Failure.Internal("the model's step failed; see the node's log"));
        }
    }
}
