package belle.kernels;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OrtException;
import belle.kernels.bench.SingleOp;
import belle.kernels.bench.Tensors;
import belle.proto.bundle.KvType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;

/**
 * A random attention layer with a few sequences whose queries, keys and values are known from their first position on.
 * {@link #run} feeds them to the op in steps of any size over a fresh cache full of NaN; {@link #naive} computes the
 * same in double precision.
 */
final class AttentionCase {
    static final int LAYERS = 2;

    final int heads;
    final int kvHeads;
    final int headDim;
    final KvType cache;
    final boolean rotary;
    final boolean alibi;
    final int[] lengths;
    final float scale;
    final float[][] qkv;
    final float[] cosines;
    final float[] sines;
    final float[] slopes;
    final int positions;

    private AttentionCase(Random random, int kvHeads, int group, int headDim, KvType cache, int[] lengths) {
        this.heads = kvHeads * group;
        this.kvHeads = kvHeads;
        this.headDim = headDim;
        this.cache = cache;
        this.rotary = random.nextBoolean();
        this.alibi = random.nextBoolean();
        this.lengths = lengths;
        this.scale = (float) (1 / Math.sqrt(headDim));
        this.positions = Arrays.stream(lengths).max().orElse(0) + 5;
        this.qkv = new float[lengths.length][];
        for (int b = 0; b < lengths.length; b++) {
            qkv[b] = Ops.random(random, lengths[b] * width());
        }
        this.cosines = new float[positions * headDim / 2];
        this.sines = new float[positions * headDim / 2];
        for (int i = 0; i < cosines.length; i++) {
            double angle = random.nextDouble() * 6;
            cosines[i] = (float) Math.cos(angle);
            sines[i] = (float) Math.sin(angle);
        }
        this.slopes = new float[heads];
        for (int h = 0; h < heads; h++) {
            slopes[h] = (float) Math.pow(2, -8.0 * (h + 1) / heads);
        }
    }

    static AttentionCase random(Random random, KvType cache) {
        int[] dims = {8, 16, 24, 40, 64, 80, 96, 128, 256};
        int[] lengths = new int[1 + random.nextInt(3)];
        Arrays.setAll(lengths, i -> 1 + random.nextInt(210));
        return new AttentionCase(
                random,
                1 + random.nextInt(3),
                1 + random.nextInt(5),
                dims[random.nextInt(dims.length)],
                cache,
                lengths);
    }

    /** One key/value head that two heads share. */
    static AttentionCase ofOneSequence(Random random, KvType cache, int headDim, int length) {
        return new AttentionCase(random, 1, 2, headDim, cache, new int[] {length});
    }

    int width() {
        return (heads + 2 * kvHeads) * headDim;
    }

    SingleOp open(int threads) throws OrtException {
        SingleOp.Builder builder = SingleOp.of("PagedAttention")
                .input(OnnxJavaType.FLOAT, 2)
                .input(OnnxJavaType.INT64, 1)
                .input(OnnxJavaType.INT32, 2)
                .input(OnnxJavaType.INT32, 1)
                .input(OnnxJavaType.INT32, 1);
        if (rotary) {
            builder.input(OnnxJavaType.FLOAT, 2).input(OnnxJavaType.FLOAT, 2);
        } else {
            builder.missing().missing();
        }
        if (alibi) {
            builder.input(OnnxJavaType.FLOAT, 1);
        }
        return builder.attribute("num_heads", heads)
                .attribute("kv_num_heads", kvHeads)
                .attribute("head_dim", headDim)
                .attribute("layer", LAYERS - 1)
                .attribute("scale", scale)
                .open(threads);
    }

    /** Feeds every sequence in steps of at most {@code chunk} tokens. Result: [sequence][token][H * D]. */
    float[][] run(SingleOp op, int chunk, int blockTokens) throws OrtException {
        int width = (positions + blockTokens - 1) / blockTokens;
        int blocks = width * lengths.length + 2;
        long bytes = 2L * LAYERS * blocks * kvHeads * blockTokens * cache.rowBytes(headDim);
        int[] table = scatteredBlocks(blocks, width);
        float[][] out = new float[lengths.length][];
        Arrays.setAll(out, b -> new float[lengths[b] * heads * headDim]);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pool = arena.allocate(bytes, 64);
            for (long i = 0; i < bytes; i += 2) {
                pool.set(ValueLayout.JAVA_SHORT, i, (short) 0x7fff); // a NaN as float16 and, two of them, as float32
            }
            long[] poolInput = {pool.address(), bytes, LAYERS, blocks, blockTokens, cache.bits()};
            int longest = Arrays.stream(lengths).max().orElse(0);
            for (int past = 0; past < longest; past += chunk) {
                step(op, poolInput, table, width, past, chunk, out);
            }
        }
        return out;
    }

    /** Every sequence's blocks lie in descending order, with one unused block at either end of the pool. */
    private int[] scatteredBlocks(int blocks, int width) {
        int[] table = new int[lengths.length * width];
        Arrays.setAll(table, i -> blocks - 2 - i);
        return table;
    }

    private void step(SingleOp op, long[] pool, int[] table, int width, int past, int chunk, float[][] out)
            throws OrtException {
        int sequences = lengths.length;
        int[] starts = new int[sequences + 1];
        int[] pasts = new int[sequences];
        for (int b = 0; b < sequences; b++) {
            pasts[b] = Math.min(past, lengths[b]);
            starts[b + 1] = starts[b] + Math.min(chunk, lengths[b] - pasts[b]);
        }
        float[] packed = new float[starts[sequences] * width()];
        for (int b = 0; b < sequences; b++) {
            int count = (starts[b + 1] - starts[b]) * width();
            System.arraycopy(qkv[b], pasts[b] * width(), packed, starts[b] * width(), count);
        }
        float[] y = Ops.run(
                op,
                Tensors.floats(packed, starts[sequences], width()),
                Tensors.longs(pool, 6),
                Tensors.ints(table, sequences, width),
                Tensors.ints(starts, sequences + 1),
                Tensors.ints(pasts, sequences),
                rotary ? Tensors.floats(cosines, positions, headDim / 2) : null,
                rotary ? Tensors.floats(sines, positions, headDim / 2) : null,
                alibi ? Tensors.floats(slopes, heads) : null);
        int row = heads * headDim;
        for (int b = 0; b < sequences; b++) {
            System.arraycopy(y, starts[b] * row, out[b], pasts[b] * row, (starts[b + 1] - starts[b]) * row);
        }
    }

    /** Sequence {@code b} in double precision, from the rounded cache rows. */
    double[] naive(int b) {
        int n = lengths[b];
        double[] out = new double[n * heads * headDim];
        float[][] keys = new float[kvHeads][];
        float[][] values = new float[kvHeads][];
        for (int g = 0; g < kvHeads; g++) {
            keys[g] = rounded(rows(b, heads + g, true));
            values[g] = rounded(rows(b, heads + kvHeads + g, false));
        }
        for (int h = 0; h < heads; h++) {
            float[] queries = rows(b, h, true);
            int g = h / (heads / kvHeads);
            for (int t = 0; t < n; t++) {
                attend(queries, keys[g], values[g], h, t, out);
            }
        }
        return out;
    }

    private void attend(float[] queries, float[] keys, float[] values, int head, int t, double[] out) {
        double[] weights = new double[t + 1];
        double top = Double.NEGATIVE_INFINITY;
        for (int j = 0; j <= t; j++) {
            double dot = 0;
            for (int d = 0; d < headDim; d++) {
                dot += (double) queries[t * headDim + d] * keys[j * headDim + d];
            }
            weights[j] = dot * scale + (alibi ? slopes[head] * (double) (j - t) : 0);
            top = Math.max(top, weights[j]);
        }
        double total = 0;
        for (int j = 0; j <= t; j++) {
            weights[j] = Math.exp(weights[j] - top);
            total += weights[j];
        }
        for (int d = 0; d < headDim; d++) {
            double sum = 0;
            for (int j = 0; j <= t; j++) {
                sum += weights[j] * values[j * headDim + d];
            }
            out[(t * heads + head) * headDim + d] = sum / total;
        }
    }

    /** Rows [token][D] of one of the H + 2 Hkv heads, rotated where there are rotary tables. */
    private float[] rows(int b, int head, boolean rotated) {
        float[] rows = new float[lengths[b] * headDim];
        int pairs = headDim / 2;
        for (int t = 0; t < lengths[b]; t++) {
            int from = t * width() + head * headDim;
            System.arraycopy(qkv[b], from, rows, t * headDim, headDim);
            for (int i = 0; rotary && rotated && i < pairs; i++) {
                float c = cosines[t * pairs + i];
                float s = sines[t * pairs + i];
                float low = qkv[b][from + i];
                float high = qkv[b][from + i + pairs];
                rows[t * headDim + i] = low * c - high * s;
                rows[t * headDim + i + pairs] = high * c + low * s;
            }
        }
        return rows;
    }

    private float[] rounded(float[] values) {
        return switch (cache) {
            case Q8 -> roundedToCodes(values);
            case F16 -> Ops.roundedToHalf(values);
            case F32 -> values;
        };
    }

    /** Rows of int8 codes times the scale that each row has. */
    private float[] roundedToCodes(float[] values) {
        float[] rounded = new float[values.length];
        for (int row = 0; row < values.length; row += headDim) {
            float largest = 0;
            for (int d = 0; d < headDim; d++) {
                largest = Math.max(largest, Math.abs(values[row + d]));
            }
            for (int d = 0; d < headDim; d++) {
                float code = Math.fma(values[row + d], 127 / largest, 0x1.8p23f) - 0x1.8p23f;
                rounded[row + d] = code * (largest / 127);
            }
        }
        return rounded;
    }

    @Override
    public String toString() {
        return "%d heads, %d kv, D %d, %s cache, rotary %s, alibi %s, lengths %s"
                .formatted(heads, kvHeads, headDim, cache, rotary, alibi, Arrays.toString(lengths));
    }
}
