package belle.faults.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import belle.faults.history.History;
import org.junit.jupiter.api.Test;

/** Whatever happens to processes and networks, clients see what was promised. */
class SimulationTest {
    private static final int SEEDS = Integer.getInteger("seeds", 1000);
    private static final long ONLY = Long.getLong("seed", -1);

    @Test
    void keepsItsPromisesInEverySimulation() throws Exception {
        long first = Math.max(0, ONLY);
        Seeds.firstBroken(first, ONLY < 0 ? SEEDS : ONLY + 1, _ -> true).ifPresent(broken -> fail(broken.report()));
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
