package belle.node;

import belle.engine.Logits;
import belle.engine.Step;
import belle.runtime.RanksLost;
import belle.runtime.StepRunner;
import com.typesafe.config.Config;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/**
 * What a node is told to do wrong, so that the rest of the cluster can be seen to bear it.
 *
 * @param minStep a step takes at least this long, whatever is computed
 * @param hangFile while this file exists no step comes back; "" for never
 * @param poisonToken a step that feeds this token loses what its ranks hold; -1 for none
 */
public record PlantedFaults(Duration minStep, String hangFile, int poisonToken) {
    private static final long PAUSE_NANOS = 20_000_000;

    /** Reads {@code belle.node.planted-faults}. */
    static PlantedFaults from(Config config) {
        return new PlantedFaults(
                config.getDuration("min-step"), config.getString("hang-file"), config.getInt("poison-token"));
    }

    /** Returns a runner with these faults; {@code runner} itself where there are none. */
    StepRunner in(StepRunner runner) {
        return minStep.isZero() && hangFile.isEmpty() && poisonToken < 0 ? runner : new Faulty(runner, this);
    }

    private boolean poisons(Step step) {
        return poisonToken >= 0
                && step.slices().stream()
                        .flatMapToInt(slice -> IntStream.of(slice.tokens().toArray()))
                        .anyMatch(id -> id == poisonToken);
    }

    private record Faulty(StepRunner runner, PlantedFaults faults) implements StepRunner {
        @Override
        public Logits run(Step step) {
            if (faults.poisons(step)) {
                throw new RanksLost(new IllegalStateException("a poison token"));
            }
            long end = System.nanoTime() + faults.minStep.toNanos();
            Logits logits = runner.run(step);
            for (long left = end - System.nanoTime(); left > 0; left = end - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
            while (!faults.hangFile.isEmpty() && Files.exists(Path.of(faults.hangFile))) {
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
