package belle.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtException;
import belle.kernels.bench.SingleOp;
import java.util.Arrays;

/** A product of some type of weights, as the op computes it and as a plain loop does. */
interface TestedProduct {
    int inputs();

    /** Outputs of all parts. */
    int width();

    SingleOp open(int threads) throws OrtException;

    float[] run(SingleOp op, float[] x) throws OrtException;

    float[] naive(float[] x);

    /** Every output of rows {@code x} is the plain loop's, on every instruction set and with one thread and two. */
    default void equalsThePlainLoop(float[] x, long seed) throws OrtException {
        float[] expected = naive(x);
        for (String isa : Ops.instructionSets()) {
            assertThat(NativeLibrary.selectIsa(isa)).isTrue();
            for (int threads : new int[] {1, 2}) {
                try (SingleOp op = open(threads)) {
                    assertThat(Ops.difference(expected, run(op, x)))
                            .as("seed %d, %s, %d threads, %s", seed, isa, threads, this)
                            .isEmpty();
                }
            }
        }
    }

    /** A row of the 64 in {@code x} has the same bits however many of them are there. */
    default void doesNotDependOnTheBatch(float[] x, long seed) throws OrtException {
        float[] whole = naive(x);
        for (String isa : Ops.instructionSets()) {
            assertThat(NativeLibrary.selectIsa(isa)).isTrue();
            try (SingleOp op = open(2)) {
                for (int rows = 1; rows <= 64; rows++) {
                    float[] y = run(op, Arrays.copyOf(x, rows * inputs()));
                    assertThat(Ops.difference(Arrays.copyOf(whole, rows * width()), y))
                            .as("seed %d, %s, %d rows", seed, isa, rows)
                            .isEmpty();
                }
            }
        }
    }
}
