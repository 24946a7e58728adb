package belle.node;

import belle.engine.Logits;
import belle.engine.Step;
import belle.runtime.StepRunner;
import com.typesafe.config.Config;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * What a node is told to do wrong, so that the rest of the cluster can be seen to bear it.
 *
 * @param minStep a step takes at least this long, whatever is computed
 * @param hangFile while this file exists no step comes back; "" for never
 */
public record PlantedFaults(Duration minStep, String hangFile) {
    private static final long PAUSE_NANOS = 20_000_000;

    /** Reads {@code belle.node.planted-faults}. */
    static PlantedFaults from(Config config) {
        return new PlantedFaults(config.getDuration("min-step"), config.getString("hang-file"));
    }

    /** Returns a runner with these faults; {@code runner} itself where there are none. */
    StepRunner in(StepRunner runner) {
        return minStep.isZero() && hangFile.isEmpty() ? runner : new Faulty(runner, minStep, hangFile);
    }

    private record Faulty(StepRunner runner, Duration minStep, String hangFile) implements StepRunner {
        @Override
        public Logits run(Step step) {
            long end = System.nanoTime() + minStep.toNanos();
            Logits logits = runner.run(step);
            for (long left = end - System.nanoTime(); left > 0; left = end - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
            while (!hangFile.isEmpty() && Files.exists(Path.of(hangFile))) {
                LockSupport.parkNanos(PAUSE_NANOS);
            }
            return logits;
        }

        @Override
        public void close() {
            runner.close();
        }
    }
}
