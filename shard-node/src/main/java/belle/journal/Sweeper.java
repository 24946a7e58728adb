package belle.journal;

import java.time.InstantSource;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.typed.ClusterSingleton;
import org.apache.pekko.cluster.typed.ClusterSingletonSettings;
import org.apache.pekko.cluster.typed.SingletonActor;

/** Removes old sessions from the journal, on one node of the cluster at a time. */
public final class Sweeper {
    /** What the sweeper hears. */
    sealed interface Command {}

    /** Time to look. */
    record Sweep() implements Command {}

    /** A look is over. */
    record Swept(int turns, String problem) implements Command {}

    private Sweeper() {}

    /** Starts it among the members with {@code role}. */
    public static void start(ActorSystem<?> system, String role, JdbcJournal journal, JournalConfig config) {
        var sweeper = Behaviors.supervise(create(journal, config, InstantSource.system()))
                .onFailure(SupervisorStrategy.restart());
        ClusterSingleton.get(system)
                .init(SingletonActor.of(sweeper, "belle-journal-sweeper")
                        .withSettings(ClusterSingletonSettings.create(system).withRole(role)));
    }

    /** A sweep that removes as much as it may is followed by another one soon; any other by one after the interval. */
    static Behavior<Command> create(JdbcJournal journal, JournalConfig config, InstantSource clock) {
        return Behaviors.withTimers(timers -> {
            timers.startSingleTimer(new Sweep(), config.sweepInterval());
            return Behaviors.receive((context, command) -> {
                switch (command) {
                    case Sweep _ -> {
                        long before = clock.millis() - config.retention().toMillis();
                        context.pipeToSelf(
                                journal.sweep(before),
                                (turns, thrown) -> thrown == null
                                        ? new Swept(turns, "")
                                        : new Swept(0, String.valueOf(thrown.getMessage())));
                    }
                    case Swept(var turns, var problem) -> {
                        if (!problem.isEmpty()) {
                            context.getLog().warn("old sessions stay in the journal for now: {}", problem);
                        } else if (turns > 0) {
                            context.getLog().info("removed {} old turns from the journal", turns);
                        }
                        boolean full = turns >= config.sweepTurns();
                        timers.startSingleTimer(
                                new Sweep(), full ? config.sweepInterval().dividedBy(10) : config.sweepInterval());
                    }
                }
                return Behaviors.same();
            });
        });
    }
}
