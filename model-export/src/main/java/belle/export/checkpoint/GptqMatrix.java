package belle.export.checkpoint;

import java.lang.ref.SoftReference;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A linear layer's matrix, [outputs, inputs], as GPTQ's tools store it: {@code w = scale (q - zero)}, with one scale and
 * zero for each output and group of inputs. {@code qweight} is [inputs / n, outputs] and {@code qzeros} [groups, outputs /
 * n], n = 32 / bits numbers an int32, the first one lowest; {@code scales} is [groups, outputs]; {@code g_idx} names each
 * input's group where they are not consecutive (GPTQ-for-LLaMa of spring 2023; AutoGPTQ 0.2, qlinear_cuda.py).
 */
final class GptqMatrix implements TensorSource {
    static final String WEIGHTS = ".qweight";
    private static final String ZEROS = ".qzeros";
    private static final String SCALES = ".scales";
    private static final String GROUPS = ".g_idx";

    /** Packed rows that are unpacked together, so that runs of bytes are written. */
    private static final int BLOCK = 16;

    private final String name;
    private final StoredTensor weights;
    private final StoredTensor zeros;
    private final StoredTensor scales;
    private final Optional<StoredTensor> groups;
    private final int outputs;
    private final int inputs;
    private final int bits;
    private final int group;
    private final boolean zerosLessOne;

    /** Unpacked at the first read and dropped when memory is needed: rows are asked for one after the other. */
    private SoftReference<@Nullable Unpacked> unpacked = new SoftReference<>(null);

    /** What the file's bits say. */
    private static final class Unpacked {
        /** [outputs][inputs], unsigned. */
        private final byte[] q;
        /** [groups][outputs], unsigned. */
        private final byte[] zeros;
        /** [groups][outputs]. */
        private final float[] scales;
        /** Of each input. */
        private final int[] groups;

        Unpacked(byte[] q, byte[] zeros, float[] scales, int[] groups) {
            this.q = q;
            this.zeros = zeros;
            this.scales = scales;
            this.groups = groups;
        }
    }

    private GptqMatrix(
            String name, Map<String, StoredTensor> parts, StoredTensor weights, List<Long> shape, GptqConfig config) {
        this.name = name;
        this.weights = weights;
        this.zeros = part(parts, ZEROS);
        this.scales = part(parts, SCALES);
        this.groups = Optional.ofNullable(parts.remove(name + GROUPS));
        this.outputs = Math.toIntExact(shape.get(0));
        this.inputs = Math.toIntExact(shape.get(1));
        this.bits = bits(config);
        this.group = group(config);
        this.zerosLessOne = config.zerosLessOne();
        checkShapes();
    }

    /**
     * Takes the parts of layer {@code name} out of {@code parts}, if it is quantised.
     *
     * @param shape of its matrix as the model's configuration asks for it
     * @throws belle.proto.FailureException when a part is missing or does not fit
     */
    static Optional<GptqMatrix> take(
            String name, Map<String, StoredTensor> parts, List<Long> shape, GptqConfig config) {
        return Optional.ofNullable(parts.remove(name + WEIGHTS))
                .map(weights -> new GptqMatrix(name, parts, weights, shape, config));
    }

    private StoredTensor part(Map<String, StoredTensor> parts, String suffix) {
        StoredTensor part = parts.remove(name + suffix);
        if (part == null) {
            throw Refusal.of(weights.file().path(), name + suffix, "is missing beside %s", weights.name());
        }
        return part;
    }

    private int bits(GptqConfig config) {
        long rows = weights.shape().isEmpty() ? 0 : weights.shape().getFirst();
        int stored = rows * 8 == inputs ? 4 : rows * 4 == inputs ? 8 : 0;
        if (stored == 0) {
            throw Refusal.of(
                    weights.file().path(),
                    weights.name(),
                    "has shape %s: neither %d inputs of 4 bits nor of 8",
                    weights.shape(),
                    inputs);
        }
        if (config.bits().isPresent() && config.bits().get() != stored) {
            throw Refusal.of(
                    weights.file().path(),
                    weights.name(),
                    "holds numbers of %d bits, the configuration says %d",
                    stored,
                    config.bits().get());
        }
        return stored;
    }

    private int group(GptqConfig config) {
        long count = scales.shape().isEmpty() ? 0 : scales.shape().getFirst();
        int said = config.group().orElse(count > 0 && inputs % count == 0 ? (int) (inputs / count) : 0);
        int size = said == -1 ? inputs : said;
        if (size <= 0 || count != (inputs + size - 1) / size) {
            throw Refusal.of(
                    scales.file().path(),
                    scales.name(),
                    "has shape %s: %d inputs do not make %d groups%s",
                    scales.shape(),
                    inputs,
                    count,
                    config.group().map(of -> " of " + of).orElse(""));
        }
        return size;
    }

    private void checkShapes() {
        long packed = Integer.SIZE / bits;
        long count = scales.shape().getFirst();
        check(weights, DType.I32, List.of(inputs / packed, (long) outputs));
        check(zeros, DType.I32, List.of(count, outputs / packed));
        check(scales, scales.type(), List.of(count, (long) outputs));
        groups.ifPresent(indices -> check(indices, DType.I32, List.of((long) inputs)));
        if (outputs % packed != 0 || !scales.type().isWeight()) {
            throw Refusal.of(
                    scales.file().path(),
                    scales.name(),
                    "scales of type F32, F16 or BF16 for a multiple of %d outputs are read, given %s for %d",
                    packed,
                    scales.type(),
                    outputs);
        }
    }

    private static void check(StoredTensor part, DType type, List<Long> shape) {
        if (part.type() != type || !part.shape().equals(shape)) {
            throw Refusal.of(
                    part.file().path(),
                    part.name(),
                    "is %s of shape %s, %s of shape %s belongs here",
                    part.type(),
                    part.shape(),
                    type,
                    shape);
        }
    }

    @Override
    public TensorInfo info(String normalName) {
        long elements = (long) outputs * inputs;
        return new TensorInfo(
                normalName, DType.F32, List.of((long) outputs, (long) inputs), elements * DType.F32.bytes());
    }

    @Override
    public void read(long from, float[] target, int at, int count) {
        Objects.checkFromIndexSize(from, count, (long) outputs * inputs);
        Unpacked all = unpacked();
        int output = (int) (from / inputs);
        int input = (int) (from % inputs);
        long place = from;
        for (int i = at; i < at + count; i++) {
            int scale = all.groups[input] * outputs + output;
            int number = Byte.toUnsignedInt(all.q[(int) place++]) - Byte.toUnsignedInt(all.zeros[scale]);
            target[i] = all.scales[scale] * number;
            if (++input == inputs) {
                input = 0;
                output++;
            }
        }
    }

    @Override
    public boolean isQuantised() {
        return true;
    }

    /** With {@code g_idx} the inputs are ordered by group; groups that then are not of one size have no counterpart. */
    @Override
    public Optional<QuantisedTensor> quantised() {
        int[] of = readGroups();
        List<Integer> order = IntStream.range(0, inputs)
                .boxed()
                .sorted(Comparator.comparingInt(input -> of[input]))
                .toList();
        for (int i = 0; i < inputs; i++) {
            if (of[order.get(i)] != i / group) {
                return Optional.empty();
            }
        }
        boolean inOrder = IntStream.range(0, inputs).allMatch(i -> order.get(i) == i);
        return Optional.of(new AsStored(inOrder ? List.of() : order));
    }

    private final class AsStored implements QuantisedTensor {
        private final List<Integer> order;

        AsStored(List<Integer> order) {
            this.order = order;
        }

        @Override
        public QuantisedForm form() {
            return new QuantisedForm(bits, inputs, group);
        }

        @Override
        public List<Integer> order() {
            return order;
        }

        @Override
        public void read(int row, int count, QuantisedRows into, int at) {
            Unpacked all = unpacked();
            for (int i = 0; i < count; i++) {
                for (int input = 0; input < inputs; input++) {
                    int from = order.isEmpty() ? input : order.get(input);
                    into.setCode(at + i, input, all.q[(row + i) * inputs + from]);
                }
                for (int of = 0; of < form().groups(); of++) {
                    int place = of * outputs + row + i;
                    into.setGroup(at + i, of, all.scales[place], all.zeros[place]);
                }
            }
        }
    }

    private synchronized Unpacked unpacked() {
        Unpacked known = unpacked.get();
        if (known == null) {
            known = new Unpacked(unpackWeights(), unpackZeros(), scales.readFloats(), readGroups());
            unpacked = new SoftReference<>(known);
        }
        return known;
    }

    private byte[] unpackWeights() {
        byte[] q = new byte[Math.multiplyExact(outputs, inputs)];
        int[] words = weights.readInts();
        int packed = Integer.SIZE / bits;
        int rows = inputs / packed;
        int mask = (1 << bits) - 1;
        for (int block = 0; block < rows; block += BLOCK) {
            int end = Math.min(block + BLOCK, rows);
            for (int output = 0; output < outputs; output++) {
                int to = output * inputs + block * packed;
                for (int row = block; row < end; row++) {
                    int word = words[row * outputs + output];
                    for (int i = 0; i < packed; i++) {
                        q[to++] = (byte) ((word >>> (i * bits)) & mask);
                    }
                }
            }
        }
        return q;
    }

    /** Where zeros are stored less one, that of 0 is all ones. */
    private byte[] unpackZeros() {
        int[] words = zeros.readInts();
        int packed = Integer.SIZE / bits;
        int mask = (1 << bits) - 1;
        byte[] unpacked = new byte[words.length * packed];
        for (int i = 0; i < unpacked.length; i++) {
            int stored = (words[i / packed] >>> (i % packed * bits)) & mask;
            unpacked[i] = (byte) (zerosLessOne ? (stored + 1) & mask : stored);
        }
        return unpacked;
    }

    private int[] readGroups() {
        int count = Math.toIntExact(scales.shape().getFirst());
        int[] indices = new int[inputs];
        Arrays.setAll(indices, input -> input / group);
        if (groups.isPresent()) {
            indices = groups.get().readInts();
            for (int input = 0; input < inputs; input++) {
                if (indices[input] < 0 || indices[input] >= count) {
                    throw Refusal.of(
                            groups.get().file().path(),
                            groups.get().name(),
                            "input %d is in group %d, there are %d",
                            input,
                            indices[input],
                            count);
                }
            }
        }
        return indices;
    }
}
