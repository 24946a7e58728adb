package belle.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtException;
import belle.kernels.bench.SingleOp;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Products of quantised weights against a plain loop, at every batch size, thread count and instruction set. */
final class QuantisedMatMulTest {
    static List<Long> seeds() {
        return LongStream.range(0, Integer.getInteger("belle.seeds", 12))
                .boxed()
                .toList();
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void everyOutputIsTheChainThatThePlainLoopSums(long seed) throws OrtException {
        Random random = new Random(seed);
        QuantisedCase product = QuantisedCase.random(random, 1 + random.nextInt(700), random.nextBoolean());
        float[] x = Ops.random(random, product.inputs() * (1 + random.nextInt(110)));
        product.equalsThePlainLoop(x, seed);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void aRowHasTheSameBitsAloneAndAmongUpTo64Others(long seed) throws OrtException {
        Random random = new Random(1000 + seed);
        QuantisedCase product = QuantisedCase.random(random, 1 + random.nextInt(400), random.nextBoolean());
        float[] x = Ops.random(random, product.inputs() * 64);
        product.doesNotDependOnTheBatch(x, seed);
    }

    /** Codes and activations at their ends: sixteen bits would not hold two such products of bytes. */
    @ParameterizedTest
    @MethodSource("seeds")
    void theLargestNumbersAreExact(long seed) throws OrtException {
        Random random = new Random(2000 + seed);
        QuantisedCase product = QuantisedCase.random(random, 256, false);
        product.parts().forEach(part -> part.fill((1 << product.bits()) - 1));
        float[] x = new float[product.inputs() * 5];
        Arrays.fill(x, 3);
        Arrays.fill(x, product.inputs(), 2 * product.inputs(), -3);
        float[] expected = product.naive(x);
        for (String isa : Ops.instructionSets()) {
            assertThat(NativeLibrary.selectIsa(isa)).isTrue();
            try (SingleOp op = product.open(1)) {
                assertThat(Ops.difference(expected, product.run(op, x))).as(isa).isEmpty();
            }
        }
    }

    /** An activation that is not finite must not look like a number that is. */
    @ParameterizedTest
    @MethodSource("seeds")
    void aRowThatIsNotFiniteGivesNoNumber(long seed) throws OrtException {
        Random random = new Random(3000 + seed);
        QuantisedCase product = QuantisedCase.random(random, 64, false);
        float[] x = Ops.random(random, product.inputs() * 2);
        x[random.nextInt(product.inputs())] = random.nextBoolean() ? Float.NaN : Float.NEGATIVE_INFINITY;
        for (String isa : Ops.instructionSets()) {
            assertThat(NativeLibrary.selectIsa(isa)).isTrue();
            try (SingleOp op = product.open(1)) {
                float[] y = product.run(op, x);
                for (int i = 0; i < y.length; i++) {
                    assertThat(Float.isNaN(y[i])).as("%s, output %d", isa, i).isEqualTo(i < product.width());
                }
            }
        }
    }
}
