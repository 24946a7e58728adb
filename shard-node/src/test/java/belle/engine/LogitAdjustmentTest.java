package belle.engine;

import static org.assertj.core.api.Assertions.assertThat;

import belle.proto.SamplingParams;
import belle.proto.Tokens;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LogitAdjustmentTest {
    static LongStream seeds() {
        Long one = Long.getLong("seed");
        return one != null ? LongStream.of(one) : LongStream.range(0, 100);
    }

    @ParameterizedTest(name = "-Dseed={0}")
    @MethodSource("seeds")
    void adjustsAsTheDefinitionSays(long seed) {
        var random = new SplittableRandom(seed);
        int vocabulary = 1 + random.nextInt(300);
        Map<Integer, Double> bias = new HashMap<>();
        for (int i = random.nextInt(5); i > 0; i--) {
            bias.put(random.nextInt(vocabulary), 200 * random.nextDouble() - 100);
        }
        SamplingParams params = params(
                random.nextBoolean() ? 1 : 0.5 + random.nextDouble(),
                random.nextBoolean() ? 0 : random.nextDouble() - 0.5,
                random.nextBoolean() ? 0 : random.nextDouble() - 0.5,
                bias);
        int[] prompt = random.ints(random.nextInt(200), 0, vocabulary).toArray();
        var adjustment = new LogitAdjustment(params, Tokens.of(prompt));
        List<Integer> generated = new ArrayList<>();
        for (int i = random.nextInt(200); i > 0; i--) {
            generated.add(random.nextInt(vocabulary));
            adjustment.add(generated.getLast());
        }
        float[] row = new float[vocabulary];
        for (int id = 0; id < vocabulary; id++) {
            row[id] = 20 * random.nextFloat() - 10;
        }
        float[] expected = adjusted(row, params, prompt, generated);
        adjustment.apply(row);
        assertThat(row).containsExactly(expected);
    }

    @Test
    void leavesTheRowAloneWhenNothingIsAskedFor() {
        var adjustment = new LogitAdjustment(SamplingParams.greedy(5), Tokens.of(0, 1));
        adjustment.add(1);
        float[] row = {1, -2, 3};
        adjustment.apply(row);
        assertThat(row).containsExactly(1, -2, 3);
    }

    private static float[] adjusted(float[] row, SamplingParams params, int[] prompt, List<Integer> generated) {
        float[] result = row.clone();
        for (int id = 0; id < row.length; id++) {
            int wanted = id;
            long count = generated.stream().filter(other -> other == wanted).count();
            boolean seen = count > 0 || Tokens.of(prompt).toString().matches(".*\\b" + id + "\\b.*");
            result[id] = (float) (result[id] + params.logitBias().getOrDefault(id, 0.0));
            double logit = result[id];
            if (seen) {
                logit = logit > 0 ? logit / params.repetitionPenalty() : logit * params.repetitionPenalty();
            }
            logit -= params.frequencyPenalty() * count + (count > 0 ? params.presencePenalty() : 0);
            result[id] = (float) logit;
        }
        return result;
    }

    private static SamplingParams params(
            double repetition, double presence, double frequency, Map<Integer, Double> bias) {
        return new SamplingParams(1, 0, 0, 1, 0, repetition, presence, frequency, bias, 0, -1, List.of(), false, 1);
    }
}
