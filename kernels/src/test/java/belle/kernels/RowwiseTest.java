package belle.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OrtException;
import belle.kernels.bench.SingleOp;
import belle.kernels.bench.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Norms, activations, residual sums and embeddings against double precision, on every instruction set. */
final class RowwiseTest {
    private static final float EPSILON = 1e-5f;

    static List<Long> seeds() {
        return LongStream.range(0, Integer.getInteger("belle.seeds", 8)).boxed().toList();
    }

    private interface Expected {
        double at(int row, int column);
    }

    private interface Run {
        float[] with(SingleOp op) throws OrtException;
    }

    /** Runs the op with every set and 1 and 2 threads: equal bits, and close to what is expected. */
    private static void check(SingleOp.Builder op, int rows, int width, double error, Run run, Expected expected)
            throws OrtException {
        float[] first = null;
        for (String isa : Ops.instructionSets()) {
            assertThat(NativeLibrary.selectIsa(isa)).isTrue();
            for (int threads : new int[] {1, 2}) {
                try (SingleOp session = op.open(threads)) {
                    float[] y = run.with(session);
                    first = first == null ? y : first;
                    assertThat(Ops.difference(first, y)).as(isa).isEmpty();
                }
            }
        }
        assertThat(first).hasSize(rows * width);
        for (int i = 0; first != null && i < first.length; i++) {
            double wanted = expected.at(i / width, i % width);
            assertThat((double) first[i])
                    .as("row %d of %d, column %d of %d", i / width, rows, i % width, width)
                    .isCloseTo(wanted, offset(error * Math.max(1, Math.abs(wanted))));
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void rmsNorm(long seed) throws OrtException {
        Random random = new Random(seed);
        int rows = 1 + random.nextInt(70);
        int width = 1 + random.nextInt(1200);
        float[] x = Ops.random(random, rows * width);
        float[] w = Ops.random(random, width);
        double[] scale = new double[rows];
        Arrays.setAll(scale, row -> {
            double squares = 0;
            for (int i = 0; i < width; i++) {
                squares += (double) x[row * width + i] * x[row * width + i];
            }
            return 1 / Math.sqrt(squares / width + EPSILON);
        });
        check(
                SingleOp.of("RMSNorm")
                        .input(OnnxJavaType.FLOAT, 2)
                        .input(OnnxJavaType.FLOAT, 1)
                        .attribute("epsilon", EPSILON),
                rows,
                width,
                1e-5,
                op -> Ops.run(op, Tensors.floats(x, rows, width), Tensors.floats(w, width)),
                (row, column) -> x[row * width + column] * scale[row] * w[column]);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void layerNorm(long seed) throws OrtException {
        Random random = new Random(seed);
        int rows = 1 + random.nextInt(70);
        int width = 2 + random.nextInt(1200);
        float[] x = Ops.random(random, rows * width);
        float[] w = Ops.random(random, width);
        float[] b = Ops.random(random, width);
        double[] mean = new double[rows];
        double[] scale = new double[rows];
        for (int row = 0; row < rows; row++) {
            double sum = 0;
            double squares = 0;
            for (int i = 0; i < width; i++) {
                sum += x[row * width + i];
                squares += (double) x[row * width + i] * x[row * width + i];
            }
            mean[row] = sum / width;
            scale[row] = 1 / Math.sqrt(squares / width - mean[row] * mean[row] + EPSILON);
        }
        check(
                SingleOp.of("LayerNorm")
                        .input(OnnxJavaType.FLOAT, 2)
                        .input(OnnxJavaType.FLOAT, 1)
                        .input(OnnxJavaType.FLOAT, 1)
                        .attribute("epsilon", EPSILON),
                rows,
                width,
                2e-5,
                op -> Ops.run(op, Tensors.floats(x, rows, width), Tensors.floats(w, width), Tensors.floats(b, width)),
                (row, column) -> (x[row * width + column] - mean[row]) * scale[row] * w[column] + b[column]);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void geluAndSiluTimesUp(long seed) throws OrtException {
        Random random = new Random(seed);
        int rows = 1 + random.nextInt(40);
        int width = 1 + random.nextInt(1500);
        float[] x = Ops.random(random, rows * width * 2);
        for (int i = 0; i < x.length; i++) {
            x[i] *= 4;
        }
        DoubleUnaryOperator gelu = v -> 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v)));
        check(
                SingleOp.of("Gelu").input(OnnxJavaType.FLOAT, 2),
                rows * 2,
                width,
                2e-6,
                op -> Ops.run(op, Tensors.floats(x, 2L * rows, width)),
                (row, column) -> gelu.applyAsDouble(x[row * width + column]));
        check(
                SingleOp.of("SiluMul").input(OnnxJavaType.FLOAT, 2),
                rows,
                width,
                4e-6,
                op -> Ops.run(op, Tensors.floats(x, rows, 2L * width)),
                (row, column) -> {
                    double gate = x[row * 2 * width + column];
                    return gate / (1 + Math.exp(-gate)) * x[row * 2 * width + width + column];
                });
    }

    @Test
    void activationsStayFiniteAtTheEnds() throws OrtException {
        float[] x = {-Float.MAX_VALUE, -1e4f, -89, -0f, 0, 89, 1e4f, 1e12f};
        float[] expected = {-0f, -0f, -0f, -0f, 0, 89, 1e4f, 1e12f};
        check(
                SingleOp.of("Gelu").input(OnnxJavaType.FLOAT, 2),
                1,
                x.length,
                1e-6,
                op -> Ops.run(op, Tensors.floats(x, 1, x.length)),
                (row, column) -> expected[column]);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void residual(long seed) throws OrtException {
        Random random = new Random(seed);
        int rows = 1 + random.nextInt(60);
        int width = 1 + random.nextInt(1200);
        float[] x = Ops.random(random, rows * width);
        float[] delta = Ops.random(random, rows * width);
        float[] bias = Ops.random(random, width);
        SingleOp.Builder op =
                SingleOp.of("Residual").input(OnnxJavaType.FLOAT, 2).input(OnnxJavaType.FLOAT, 2);
        check(
                op,
                rows,
                width,
                0,
                session -> Ops.run(session, Tensors.floats(x, rows, width), Tensors.floats(delta, rows, width)),
                (row, column) -> x[row * width + column] + delta[row * width + column]);
        check(
                op.input(OnnxJavaType.FLOAT, 1),
                rows,
                width,
                0,
                session -> Ops.run(
                        session,
                        Tensors.floats(x, rows, width),
                        Tensors.floats(delta, rows, width),
                        Tensors.floats(bias, width)),
                (row, column) -> x[row * width + column] + (delta[row * width + column] + bias[column]));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void embedding(long seed) throws OrtException {
        Random random = new Random(seed);
        boolean half = random.nextBoolean();
        int vocabulary = 1 + random.nextInt(300);
        int hidden = 1 + random.nextInt(150);
        int tiles = (vocabulary + 63) / 64;
        float[] random32 = Ops.random(random, vocabulary * hidden);
        float[] rows = half ? Ops.roundedToHalf(random32) : random32;
        float[] tiled = new float[tiles * hidden * 64];
        for (int v = 0; v < vocabulary; v++) {
            for (int k = 0; k < hidden; k++) {
                tiled[(v / 64 * hidden + k) * 64 + v % 64] = rows[v * hidden + k];
            }
        }
        long[] ids = random.longs(1 + random.nextInt(50), 0, vocabulary).toArray();
        for (String layout : List.of("rows", "tiles64")) {
            boolean inRows = layout.equals("rows");
            check(
                    SingleOp.of("Embedding")
                            .input(OnnxJavaType.INT64, 1)
                            .input(Ops.weightType(half), inRows ? 2 : 3)
                            .attribute("layout", layout)
                            .attribute("vocabulary", vocabulary)
                            .attribute("hidden", hidden),
                    ids.length,
                    hidden,
                    0,
                    op -> Ops.run(
                            op,
                            Tensors.longs(ids, ids.length),
                            inRows
                                    ? Ops.weights(half, rows, vocabulary, hidden)
                                    : Ops.weights(half, tiled, tiles, hidden, 64)),
                    (row, column) -> rows[(int) ids[row] * hidden + column]);
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void embeddingOfAHeadInEightBits(long seed) throws OrtException {
        Random random = new Random(seed);
        QuantisedCase table;
        do {
            table = QuantisedCase.random(random, 1 + random.nextInt(300), false);
        } while (table.bits() != 8);
        QuantisedCase quantised = table;
        int vocabulary = table.parts().getFirst().outputs();
        long[] ids = random.longs(1 + random.nextInt(50), 0, vocabulary).toArray();
        check(
                SingleOp.of("Embedding")
                        .input(OnnxJavaType.INT64, 1)
                        .input(OnnxJavaType.UINT8, 3)
                        .attribute("layout", "tiles64")
                        .attribute("vocabulary", vocabulary)
                        .attribute("hidden", table.inputs())
                        .attribute("group", table.group()),
                ids.length,
                table.inputs(),
                0,
                op -> Ops.run(op, Tensors.longs(ids, ids.length), quantised.table()),
                (row, column) -> quantised.weight((int) ids[row], column));
    }
}
