package belle.faults.simulation;

import com.typesafe.config.Config;
import java.util.Optional;
import java.util.concurrent.ThreadFactory;
import org.apache.pekko.actor.AbstractScheduler;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.event.LoggingAdapter;
import scala.concurrent.ExecutionContext;
import scala.concurrent.duration.FiniteDuration;

/** The timers of a simulated process. Pekko makes it by name. */
public final class SimulatedScheduler extends AbstractScheduler {
    private Optional<SimulatedTime> time = Optional.empty();

    /** As Pekko calls it. */
    public SimulatedScheduler(Config config, LoggingAdapter log, ThreadFactory threads) {}

    /** Timers count from now on; those set before never ring. */
    void follow(SimulatedTime simulated) {
        time = Optional.of(simulated);
    }

    @Override
    @SuppressWarnings("deprecation") // Pekko wants it all the same
    public Cancellable schedule(
            FiniteDuration initialDelay, FiniteDuration interval, Runnable task, ExecutionContext executor) {
        Timer timer = new Timer(task);
        repeat(timer, initialDelay, interval);
        return timer;
    }

    private void repeat(Timer timer, FiniteDuration delay, FiniteDuration interval) {
        after(delay, () -> {
            timer.run();
            if (!timer.isCancelled()) {
                repeat(timer, interval, interval);
            }
        });
    }

    @Override
    public Cancellable scheduleOnce(FiniteDuration delay, Runnable task, ExecutionContext executor) {
        Timer timer = new Timer(task);
        after(delay, () -> {
            timer.run();
            timer.cancel();
        });
        return timer;
    }

    private void after(FiniteDuration delay, Runnable action) {
        time.ifPresent(simulated -> simulated.in(delay.toMicros(), action));
    }

    @Override
    public double maxFrequency() {
        return SimulatedTime.SECOND_IN_MICROS;
    }

    private static final class Timer implements Cancellable {
        private final Runnable task;
        private boolean cancelled;

        Timer(Runnable task) {
            this.task = task;
        }

        void run() {
            if (!cancelled) {
                task.run();
            }
        }

        @Override
        public boolean cancel() {
            boolean was = cancelled;
            cancelled = true;
            return !was;
        }

        @Override
        public boolean isCancelled() {
            return cancelled;
        }
    }
}
