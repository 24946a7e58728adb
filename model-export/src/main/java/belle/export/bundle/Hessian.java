package belle.export.bundle;

import belle.proto.bundle.WeightType;
import java.lang.foreign.Arena;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How much an error of each weight of a matrix, and of each two, costs: the sum of x x^T over all rows x that the matrix was
 * multiplied with (Frantar et al., GPTQ, 2022, section 3). Symmetric [inputs, inputs]. The sums of some thousand rows are made
 * in float32 and added up in float64, always in the same order. Not thread-safe.
 */
final class Hessian implements AutoCloseable {
    private static final int TILE = WeightType.TILE;
    /** Rows that are taken in together. */
    private static final int ROWS = 2048;
    /** Inputs along the sides of a block that is computed in one go, at most. */
    private static final int BLOCK = 1024;

    private final int inputs;
    private final int block;
    private final FloatProduct product;
    private final Arena arena = Arena.ofShared();
    /** Rows that are not taken in yet, a tile's inputs side by side: [tiles][ROWS][64]. */
    private final FloatBuffer waiting;

    private final FloatBuffer across;
    private final FloatBuffer out;
    private int count;
    /** Row by row, the lower triangle. */
    private final double[][] sums;

    Hessian(int inputs) {
        this.inputs = inputs;
        this.block = Math.min(BLOCK, Math.ceilDiv(inputs, TILE) * TILE);
        this.product = new FloatProduct(ROWS, block);
        this.waiting = FloatProduct.buffer(arena, blocks() * block * ROWS);
        this.across = FloatProduct.buffer(arena, block * ROWS);
        this.out = FloatProduct.buffer(arena, block * block);
        this.sums = new double[inputs][];
        for (int i = 0; i < inputs; i++) {
            sums[i] = new double[i + 1];
        }
    }

    private int blocks() {
        return Math.ceilDiv(inputs, block);
    }

    int inputs() {
        return inputs;
    }

    /** Takes in rows [count, inputs], one behind the other. */
    void add(float[] rows) {
        for (int at = 0; at < rows.length; at += inputs) {
            for (int from = 0; from < inputs; from += TILE) {
                waiting.put((from / TILE * ROWS + count) * TILE, rows, at + from, Math.min(TILE, inputs - from));
            }
            if (++count == ROWS) {
                takeIn();
            }
        }
    }

    /** Ends the sums: no rows come any more, and the memory for them is given back. */
    void complete() {
        if (count > 0) {
            float[] zeros = new float[(ROWS - count) * TILE];
            for (int tile = 0; tile < blocks() * block / TILE; tile++) {
                waiting.put((tile * ROWS + count) * TILE, zeros);
            }
            takeIn();
        }
        close();
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            product.close();
            arena.close();
        }
    }

    private void takeIn() {
        for (int i = 0; i < blocks(); i++) {
            int first = i * block;
            int rows = Math.min(block, inputs - first);
            IntStream.range(0, Math.ceilDiv(rows, TILE))
                    .parallel()
                    .forEach(tile -> transpose(first / TILE + tile, tile));
            for (int j = 0; j <= i; j++) {
                int from = j * block;
                product.run(rows, across, waiting.slice(from * ROWS, block * ROWS), out);
                IntStream.range(0, rows).parallel().forEach(row -> addRow(row, sums[first + row], from));
            }
        }
        count = 0;
    }

    /** Tile {@code tile} of the waiting rows becomes rows {@code [64 to, 64 to + 64)} of the other factor. */
    private void transpose(int tile, int to) {
        float[] values = new float[ROWS * TILE];
        waiting.get(tile * ROWS * TILE, values);
        float[] row = new float[ROWS];
        for (int input = 0; input < TILE; input++) {
            for (int i = 0; i < ROWS; i++) {
                row[i] = values[i * TILE + input];
            }
            across.put((to * TILE + input) * ROWS, row);
        }
    }

    private void addRow(int row, double[] sum, int from) {
        int length = Math.min(block, sum.length - from);
        float[] more = new float[length];
        out.get(row * block, more);
        for (int j = 0; j < length; j++) {
            sum[from + j] += more[j];
        }
    }

    double at(int i, int j) {
        return i >= j ? sums[i][j] : sums[j][i];
    }

    /** Whether an input was zero in all rows: its weights say nothing. */
    boolean isDead(int input) {
        return sums[input][input] == 0;
    }

    /** Returns the inputs by falling size of their activations; equal ones by number. */
    List<Integer> byActivation() {
        return IntStream.range(0, inputs)
                .boxed()
                .sorted(Comparator.comparingDouble(input -> -sums[input][input]))
                .toList();
    }

    /** The mean of the diagonal, that of a dead input being 1. */
    double mean() {
        return Arrays.stream(sums)
                .mapToDouble(row -> row[row.length - 1])
                .map(own -> own == 0 ? 1 : own)
                .average()
                .orElse(1);
    }

    /** Adds w H w^T of every row w of {@code weights} up: how large the outputs are on the rows that were taken in. */
    double energy(float[][] weights) {
        int rows = weights.length;
        double energy = 0;
        try (Arena own = Arena.ofShared();
                FloatProduct through = new FloatProduct(block, block)) {
            FloatBuffer part = FloatProduct.buffer(own, rows * block);
            FloatBuffer tiles = FloatProduct.buffer(own, block * block);
            FloatBuffer products = FloatProduct.buffer(own, rows * block);
            for (int i = 0; i < blocks(); i++) {
                int first = i * block;
                copy(weights, first, part);
                for (int j = 0; j <= i; j++) {
                    int from = j * block;
                    IntStream.range(0, block).parallel().forEach(row -> tileRow(first + row, from, row, tiles));
                    through.run(rows, part, tiles, products);
                    double[] each = IntStream.range(0, rows)
                            .parallel()
                            .mapToDouble(row -> dot(products, row, weights[row], from))
                            .toArray();
                    energy += (i == j ? 1 : 2) * Arrays.stream(each).sum();
                }
            }
        }
        return energy;
    }

    private void copy(float[][] weights, int first, FloatBuffer part) {
        float[] row = new float[block];
        for (int i = 0; i < weights.length; i++) {
            int length = Math.min(block, inputs - first);
            System.arraycopy(weights[i], first, row, 0, length);
            part.put(i * block, row);
        }
    }

    /** Row {@code input} of the matrix, from column {@code from} on, becomes row {@code row} of all tiles of a block. */
    private void tileRow(int input, int from, int row, FloatBuffer tiles) {
        float[] values = new float[block];
        for (int j = 0; input < inputs && j < Math.min(block, inputs - from); j++) {
            values[j] = (float) at(input, from + j);
        }
        for (int j = 0; j < block; j += TILE) {
            tiles.put((j / TILE * block + row) * TILE, values, j, TILE);
        }
    }

    private double dot(FloatBuffer products, int row, float[] weights, int from) {
        double sum = 0;
        for (int j = 0; j < Math.min(block, inputs - from); j++) {
            sum += (double) products.get(row * block + j) * weights[from + j];
        }
        return sum;
    }
}
