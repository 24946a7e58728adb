package belle.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import belle.engine.Engine;
import belle.engine.EngineConfig;
import belle.engine.GenerationRequest;
import belle.engine.KvCache;
import belle.engine.Logits;
import belle.engine.ModelFacts;
import belle.engine.Step;
import belle.engine.TokenBytes;
import belle.proto.SamplingParams;
import belle.proto.Tokens;
import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What a decoding step leaves for the garbage collector does not grow with the context. */
class StepAllocationTest {
    private static final int VOCABULARY = 500;
    private static final int STEPS = 400;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @Test
    void aTokenOfALongContextAllocatesWhatOneOfAShortContextDoes() {
        bytesOfSteps(40, STEPS); // loads classes
        long[] ofShort = bytesOfSteps(40, STEPS);
        long[] ofLong = bytesOfSteps(30_000, STEPS);
        // One int per token of the context would be 120,000 bytes. Buffers that double now and then are outside the
        // median; summed up they stay below 32 bytes a token.
        assertThat(median(ofLong)).isCloseTo(median(ofShort), within(1_000L));
        long context = 30_000 + STEPS;
        assertThat(Arrays.stream(ofLong).sum())
                .isLessThan(Arrays.stream(ofShort).sum() + 32 * context);
    }

    /** Returns the bytes that each step of one sequence allocated, all of Java but the tensors' handles. */
    private static long[] bytesOfSteps(int promptTokens, int steps) {
        var engine = new Engine(new EngineConfig(1, 0, 40_000, 40_000, 1), FACTS, new KvCache(2_000, 32));
        int[] prompt = IntStream.range(0, promptTokens).map(i -> i % VOCABULARY).toArray();
        var params = new SamplingParams(
                2 * steps, 0.8, 0, 0.9, 0.01, 1.2, 0.1, 0.1, Map.of(), 1, 3, List.of("never"), true, 1);
        assertThat(engine.submit(new GenerationRequest("it", Tokens.of(prompt), params, "t", false), 1))
                .isEmpty();
        var packed = new PackedStep();
        step(engine, packed);
        long[] bytes = new long[steps];
        for (int i = 0; i < steps; i++) {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            step(engine, packed);
            bytes[i] = THREADS.getCurrentThreadAllocatedBytes() - before;
        }
        return bytes;
    }

    private static void step(Engine engine, PackedStep packed) {
        Step step = engine.nextStep().orElseThrow();
        packed.pack(step);
        engine.complete(step, new Waves(step.number()));
    }

    private static long median(long[] values) {
        long[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private static final ModelFacts FACTS =
            new ModelFacts(VOCABULARY, VOCABULARY, 60_000, Tokens.EMPTY, new TokenBytes() {
                @Override
                public byte[] bytes(int id) {
                    return new byte[] {'a'};
                }

                @Override
                public boolean special(int id) {
                    return false;
                }

                @Override
                public int size() {
                    return VOCABULARY;
                }

                @Override
                public boolean stripsFirstSpace() {
                    return false;
                }
            });

    /** One row, another in every step. */
    private record Waves(long step) implements Logits {
        @Override
        public int rows() {
            return 1;
        }

        @Override
        public int vocabulary() {
            return VOCABULARY;
        }

        @Override
        public float at(int row, int id) {
            return (float) (5 * Math.sin(id * (step + 1.0)));
        }

        @Override
        public void copyRow(int row, float[] into) {
            for (int id = 0; id < VOCABULARY; id++) {
                into[id] = at(row, id);
            }
        }
    }
}
