package belle.faults.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import belle.faults.check.Checker;
import belle.faults.check.Violation;
import belle.faults.history.History;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Whatever happens to processes and networks, clients see what was promised. */
class SimulationTest {
    private static final int SEEDS = Integer.getInteger("seeds", 1000);
    private static final long ONLY = Long.getLong("seed", -1);

    @Test
    void keepsItsPromisesInEverySimulation() throws Exception {
        Cluster cluster = new Cluster();
        long first = Math.max(0, ONLY);
        long last = ONLY >= 0 ? ONLY : SEEDS - 1;
        for (long seed = first; seed <= last; seed++) {
            History history = Run.of(cluster, seed);
            List<Violation> violations = Checker.check(history);
            if (!violations.isEmpty()) {
                fail("-Dseed=" + seed + "\n" + violations.getFirst().report());
            }
        }
    }

    @Test
    void isTheSameForTheSameSeed() throws Exception {
        Cluster once = new Cluster();
        for (long seed = 0; seed < 4; seed++) {
            Run.of(once, seed + 100);
            History first = Run.of(once, seed);
            Cluster again = new Cluster();
            assertThat(Run.of(again, seed).entries()).containsExactlyElementsOf(first.entries());
            assertThat(first.entries()).hasSizeGreaterThan(20);
        }
    }
}
