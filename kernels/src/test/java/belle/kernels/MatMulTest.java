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

/** Products against a plain loop, and against themselves at every batch size, thread count and instruction set. */
final class MatMulTest {
    static List<Long> seeds() {
        return LongStream.range(0, Integer.getInteger("belle.seeds", 6)).boxed().toList();
    }

    private static MatMulCase randomCase(Random random) {
        boolean half = random.nextBoolean();
        int inputs = 1 + random.nextInt(700);
        int[] outputs = new int[1 + random.nextInt(3)];
        Arrays.setAll(outputs, i -> 1 + random.nextInt(200));
        int[] leaves = random.nextBoolean()
                ? new int[] {0, inputs}
                : MatMulCase.eightLeaves(inputs, List.of(8, 64, 128).get(random.nextInt(3)));
        return MatMulCase.random(random, half, inputs, outputs, leaves);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void everyOutputIsTheChainThatThePlainLoopSums(long seed) throws OrtException {
        Random random = new Random(seed);
        MatMulCase product = randomCase(random);
        float[] x = Ops.random(random, product.inputs() * (1 + random.nextInt(130)));
        product.equalsThePlainLoop(x, seed);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void aRowHasTheSameBitsAloneAndAmongUpTo64Others(long seed) throws OrtException {
        Random random = new Random(1000 + seed);
        MatMulCase product = randomCase(random);
        float[] x = Ops.random(random, product.inputs() * 64);
        product.doesNotDependOnTheBatch(x, seed);
    }

    /** Some outputs of each part, wherever in a tile they begin, with their biases from the whole vector. */
    @ParameterizedTest
    @MethodSource("seeds")
    void someOutputsAreThoseOfTheWhole(long seed) throws OrtException {
        Random random = new Random(3000 + seed);
        int inputs = 1 + random.nextInt(300);
        int[] outputs = new int[1 + random.nextInt(3)];
        Arrays.setAll(outputs, i -> 65 + random.nextInt(200));
        MatMulCase whole = MatMulCase.random(random, random.nextBoolean(), inputs, outputs, new int[] {0, inputs});
        int[] from = Arrays.stream(outputs).map(random::nextInt).toArray();
        int[] to = new int[outputs.length];
        Arrays.setAll(to, i -> from[i] + 1 + random.nextInt(outputs[i] - from[i]));
        for (int rows : new int[] {1, 3, 40, 130}) {
            float[] x = Ops.random(random, inputs * rows);
            assertThat(Ops.difference(whole.naiveOf(x, from, to), whole.runOf(x, from, to)))
                    .as("seed %d, %d rows", seed, rows)
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void ranksThatHoldWholeSubtreesAddUpToTheWhole(long seed) throws OrtException {
        Random random = new Random(2000 + seed);
        int inputs = 64 * (1 + random.nextInt(20));
        int[] places = MatMulCase.eightLeaves(inputs, 64);
        int outputs = 1 + random.nextInt(100);
        MatMulCase whole = MatMulCase.random(random, random.nextBoolean(), inputs, new int[] {outputs}, places);
        float[] x = Ops.random(random, inputs * 3);
        MatMulCase unbiased = withoutBias(whole);
        float[] expected = unbiased.naive(x);
        for (int ranks : new int[] {2, 4, 8}) {
            float[][] roots = new float[ranks][];
            for (int rank = 0; rank < ranks; rank++) {
                roots[rank] = runRank(unbiased, x, rank, ranks);
            }
            for (int step = 1; step < ranks; step *= 2) {
                for (int i = 0; i < ranks; i += 2 * step) {
                    for (int j = 0; j < expected.length; j++) {
                        roots[i][j] += roots[i + step][j];
                    }
                }
            }
            assertThat(Ops.difference(expected, roots[0]))
                    .as("seed %d, %d ranks", seed, ranks)
                    .isEmpty();
        }
    }

    private static MatMulCase withoutBias(MatMulCase c) {
        return new MatMulCase(c.half(), c.inputs(), c.outputs(), c.leafInputs(), c.weights(), c.bias(), false);
    }

    /** The product of the rank's own inputs and leaves; zeros when it has no inputs at all. */
    private static float[] runRank(MatMulCase whole, float[] x, int rank, int ranks) throws OrtException {
        int first = rank * 8 / ranks;
        int last = (rank + 1) * 8 / ranks;
        int begin = whole.leafInputs()[first];
        int count = whole.leafInputs()[last] - begin;
        int rows = x.length / whole.inputs();
        int n = whole.outputs()[0];
        if (count == 0) {
            return new float[rows * n];
        }
        int[] places = new int[last - first + 1];
        Arrays.setAll(places, i -> whole.leafInputs()[first + i] - begin);
        float[] weights = new float[n * count];
        for (int i = 0; i < n; i++) {
            System.arraycopy(whole.weights()[0], i * whole.inputs() + begin, weights, i * count, count);
        }
        float[] slice = new float[rows * count];
        for (int i = 0; i < rows; i++) {
            System.arraycopy(x, i * whole.inputs() + begin, slice, i * count, count);
        }
        MatMulCase part = new MatMulCase(
                whole.half(), count, whole.outputs(), places, new float[][] {weights}, whole.bias(), false);
        try (SingleOp op = part.open(1)) {
            return part.run(op, slice);
        }
    }
}
