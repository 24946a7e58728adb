package belle.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;

class PhiloxTest {
    @Test
    void givesThePublishedAnswers() {
        assertThat(Philox.block(0, 0, 0, 0, 0, 0)).containsExactly(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8);
        assertThat(Philox.block(-1, -1, -1, -1, -1, -1))
                .containsExactly(0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD);
        assertThat(Philox.block(0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344, 0xA409_3822, 0x299F_31D0))
                .containsExactly(0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1);
    }

    @Test
    void drawsAreUniformOverPositionsChoicesAndSeeds() {
        assertUniform(position -> Philox.uniform(7, 0, position));
        assertUniform(choice -> Philox.uniform(7, choice, 0));
        assertUniform(seed -> Philox.uniform(seed, 0, 0));
        assertUniform(seed -> Philox.uniform((long) seed << 32, 3, 11));
    }

    @Test
    void neighboursAreUncorrelated() {
        double sum = 0;
        int draws = 100_000;
        for (int i = 0; i < draws; i++) {
            sum += (Philox.uniform(1, 0, i) - 0.5) * (Philox.uniform(1, 1, i) - 0.5);
            sum += (Philox.uniform(1, 0, i) - 0.5) * (Philox.uniform(1, 0, i + 1) - 0.5);
        }
        double deviation = Math.sqrt(2 * draws) / 12; // each product has variance 1/144
        assertThat(Math.abs(sum)).isLessThan(4 * deviation);
    }

    @Test
    void everyPartOfTheKeyCounts() {
        Set<Double> draws = new HashSet<>();
        for (int bit = 0; bit < 64; bit++) {
            draws.add(Philox.uniform(1L << bit, 0, 0));
        }
        for (int i = 1; i <= 16; i++) {
            draws.add(Philox.uniform(0, i, 0));
            draws.add(Philox.uniform(0, 0, i));
        }
        assertThat(draws).hasSize(96).allMatch(draw -> draw >= 0 && draw < 1);
    }

    /** Pearson's statistic over 256 bins has mean 255 and deviation 22.6; six deviations are allowed. */
    private static void assertUniform(IntToDoubleFunction draw) {
        int[] bins = new int[256];
        int draws = 256 * 400;
        for (int i = 0; i < draws; i++) {
            bins[(int) (256 * draw.applyAsDouble(i))]++;
        }
        double statistic = 0;
        for (int bin : bins) {
            statistic += Math.pow(bin - 400, 2) / 400;
        }
        assertThat(statistic).isBetween(255 - 6 * 22.6, 255 + 6 * 22.6);
    }
}
