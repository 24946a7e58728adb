package belle.engine;

import static org.assertj.core.api.Assertions.assertThat;

import belle.proto.SamplingParams;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SamplerTest {
    private static final int[] VOCABULARIES = {1, 2, 7, 63, 64, 65, 600, 5_000};

    static LongStream seeds() {
        Long one = Long.getLong("seed");
        return one != null ? LongStream.of(one) : LongStream.range(0, 200);
    }

    @ParameterizedTest(name = "-Dseed={0}")
    @MethodSource("seeds")
    void drawsWhatTheReferenceDraws(long seed) {
        var random = new SplittableRandom(seed);
        int ids = VOCABULARIES[random.nextInt(VOCABULARIES.length)];
        var sampler = new Sampler(ids);
        for (int draw = 0; draw < 20; draw++) {
            float[] row = row(random, ids);
            SamplingParams params = params(random, ids);
            int position = random.nextInt(10_000);
            int choice = random.nextInt(4);
            double uniform = Philox.uniform(params.seed(), choice, position);
            assertThat(sampler.draw(row, params, choice, position))
                    .as("%s of %s ids", params, ids)
                    .isEqualTo(ReferenceSampler.draw(row, ids, params, uniform));
        }
    }

    @Test
    void drawsAreDistributedAsTheWeightsSay() {
        float[] row = {1, 3, 2, 0.5f, 3, -2, 9};
        SamplingParams params = sampled(0.8, 0, 0.95, 0, 1);
        Map<Integer, Double> expected = ReferenceSampler.distribution(row, 6, params);
        int[] counts = new int[6];
        int draws = 50_000;
        var sampler = new Sampler(6);
        for (int position = 0; position < draws; position++) {
            counts[sampler.draw(row, params, 0, position)]++;
        }
        for (int id = 0; id < 6; id++) {
            double probability = expected.getOrDefault(id, 0.0);
            double deviation = Math.sqrt(draws * probability * (1 - probability));
            assertThat((double) counts[id])
                    .isBetween(draws * probability - 4 * deviation, draws * probability + 4 * deviation);
        }
    }

    @Test
    void theLowestOfEqualIdsWins() {
        float[] row = {-1, 2, 0.0f, 2, 2};
        assertThat(new Sampler(5).draw(row, SamplingParams.greedy(1), 0, 0)).isEqualTo(1);
        assertThat(new Sampler(5).draw(row, sampled(1, 1, 1, 0, 5), 0, 0)).isEqualTo(1);
        float[] zeros = {-0.0f, 0.0f};
        assertThat(new Sampler(2).draw(zeros, SamplingParams.greedy(1), 0, 0)).isZero();
        for (int position = 0; position < 20; position++) {
            assertThat(new Sampler(2).draw(zeros, sampled(1, 0, 0, 0, 5), 0, position))
                    .isZero();
        }
    }

    @Test
    void neverDrawsPadding() {
        float[] row = {0, 1, 50, 60};
        assertThat(new Sampler(2).draw(row, SamplingParams.greedy(1), 0, 0)).isEqualTo(1);
        for (int position = 0; position < 50; position++) {
            assertThat(new Sampler(2).draw(row, sampled(2, 0, 1, 0, 5), 0, position))
                    .isLessThan(2);
        }
    }

    @Test
    void givesNothingForWhatIsNoNumber() {
        for (float broken : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
            float[] row = {1, broken, 2};
            assertThat(new Sampler(3).draw(row, SamplingParams.greedy(1), 0, 0)).isEqualTo(Sampler.NOTHING);
            assertThat(new Sampler(3).draw(row, sampled(1, 2, 1, 0, 5), 0, 0)).isEqualTo(Sampler.NOTHING);
            assertThat(new Sampler(3).draw(row, sampled(1, 0, 1, 0, 5), 0, 0)).isEqualTo(Sampler.NOTHING);
        }
        float[] banned = {Float.NEGATIVE_INFINITY, Float.NEGATIVE_INFINITY};
        assertThat(new Sampler(2).draw(banned, SamplingParams.greedy(1), 0, 0)).isEqualTo(Sampler.NOTHING);
    }

    @Test
    void aBannedIdIsNeverDrawn() {
        float[] row = {Float.NEGATIVE_INFINITY, 0, Float.NEGATIVE_INFINITY};
        for (int position = 0; position < 20; position++) {
            assertThat(new Sampler(3).draw(row, sampled(2, 0, 1, 0, 5), 0, position))
                    .isEqualTo(1);
            assertThat(new Sampler(3).draw(row, sampled(2, 2, 1, 0, 5), 0, position))
                    .isEqualTo(1);
        }
    }

    @Test
    void findsTheDrawInAFlatDistributionOfManyIds() {
        float[] row = new float[20_000];
        var sampler = new Sampler(row.length);
        for (int position = 0; position < 50; position++) {
            double uniform = Philox.uniform(5, 0, position);
            assertThat(sampler.draw(row, sampled(1, 0, 1, 0, 5), 0, position)).isEqualTo((int) (uniform * row.length));
        }
    }

    private static SamplingParams sampled(double temperature, int topK, double topP, double minP, long seed) {
        return new SamplingParams(1, temperature, topK, topP, minP, 1, 0, 0, Map.of(), seed, -1, List.of(), false, 1);
    }

    private static SamplingParams params(SplittableRandom random, int ids) {
        return sampled(
                random.nextInt(5) == 0 ? 0 : 0.05 + 1.9 * random.nextDouble(),
                random.nextBoolean() ? 0 : 1 + random.nextInt(2 * ids),
                random.nextBoolean() ? 1 : random.nextDouble(),
                random.nextBoolean() ? 0 : random.nextDouble() * random.nextDouble(),
                random.nextLong());
    }

    /** Some rows are coarse, so that many logits are equal; some are peaked, some flat. */
    private static float[] row(SplittableRandom random, int ids) {
        float[] row = new float[ids];
        boolean coarse = random.nextBoolean();
        double width = 20 * random.nextDouble();
        for (int id = 0; id < ids; id++) {
            double logit = width * (random.nextDouble() - 0.5);
            row[id] = (float) (coarse ? Math.rint(logit) : logit);
        }
        return row;
    }
}
