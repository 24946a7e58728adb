package belle.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import ai.onnxruntime.OrtException;
import belle.kernels.bench.SingleOp;
import belle.proto.bundle.KvType;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Paged attention against double precision, and against itself however its prefill is cut. */
final class AttentionTest {
    static List<Long> seeds() {
        return LongStream.range(0, Integer.getInteger("belle.seeds", 8)).boxed().toList();
    }

    /** Every type in turn. */
    private static KvType cache(long seed) {
        return List.of(KvType.Q8, KvType.F16, KvType.F32).get((int) (seed % 3));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void agreesWithDoublePrecision(long seed) throws OrtException {
        AttentionCase attention = AttentionCase.random(new Random(seed), cache(seed));
        try (SingleOp op = attention.open(2)) {
            float[][] y = attention.run(op, 1000, 32);
            for (int b = 0; b < y.length; b++) {
                double[] expected = attention.naive(b);
                for (int i = 0; i < expected.length; i++) {
                    assertThat((double) y[b][i])
                            .as("seed %d, sequence %d, element %d, %s", seed, b, i, attention)
                            .isCloseTo(expected[i], offset(2e-5));
                }
            }
        }
    }

    /** As an int8 code a value that is not finite would look like a number. */
    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void aValueThatIsNotFiniteGivesNoNumbersFromItsTokenOn(float value) throws OrtException {
        for (boolean key : new boolean[] {true, false}) {
            AttentionCase attention = AttentionCase.ofOneSequence(new Random(5), KvType.Q8, 24, 40);
            int row = attention.heads * attention.headDim;
            attention.qkv[0][17 * attention.width() + row + (key ? 0 : attention.headDim) + 3] = value;
            try (SingleOp op = attention.open(1)) {
                float[] y = attention.run(op, 1000, 32)[0];
                for (int i = 0; i < y.length; i++) {
                    assertThat(Float.isNaN(y[i]))
                            .as("key %s, element %d", key, i)
                            .isEqualTo(i >= 17 * row);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void everyCutBlockSizeThreadCountAndInstructionSetGivesTheSameBits(long seed) throws OrtException {
        AttentionCase attention = AttentionCase.random(new Random(seed), cache(seed));
        assertThat(NativeLibrary.selectIsa("scalar")).isTrue();
        float[][] expected;
        try (SingleOp op = attention.open(1)) {
            expected = attention.run(op, 1000, 64);
        }
        for (String isa : Ops.instructionSets()) {
            assertThat(NativeLibrary.selectIsa(isa)).isTrue();
            for (int threads : new int[] {1, 2}) {
                try (SingleOp op = attention.open(threads)) {
                    for (int[] cut :
                            new int[][] {{1, 16}, {7, 32}, {32, 64}, {64, 16}, {1000, 32}, {1000, 64}, {1, 64}}) {
                        float[][] y = attention.run(op, cut[0], cut[1]);
                        for (int b = 0; b < y.length; b++) {
                            assertThat(Ops.difference(expected[b], y[b]))
                                    .as(
                                            "seed %d, sequence %d, %s, %d threads, chunk %d, block %d, %s",
                                            seed, b, isa, threads, cut[0], cut[1], attention)
                                    .isEmpty();
                        }
                    }
                }
            }
        }
    }
}
