package belle.export.checkpoint;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.IntUnaryOperator;

/**
 * A tensor of a GGUF file with its rows in the order of Hugging Face's.
 *
 * @param shape the model's
 * @param columns of a row; all of a vector, or one number of it where its order is another one
 * @param row which of the file's rows is a row of the model's tensor
 */
record GgufTensor(SourceFile file, GgufFile.Tensor stored, List<Long> shape, int columns, IntUnaryOperator row)
        implements TensorSource {
    GgufTensor {
        shape = List.copyOf(shape);
    }

    @Override
    public TensorInfo info(String normalName) {
        DType type = switch (stored.type()) {
            case F16 -> DType.F16;
            case BF16 -> DType.BF16;
            default -> DType.F32;
        };
        return new TensorInfo(normalName, type, shape, stored.elements() * type.bytes());
    }

    @Override
    public boolean isQuantised() {
        return stored.type().elements() > 1;
    }

    @Override
    public Optional<QuantisedTensor> quantised() {
        return stored.type().codeBits() > 0 ? Optional.of(new AsStored()) : Optional.empty();
    }

    private final class AsStored implements QuantisedTensor {
        @Override
        public QuantisedForm form() {
            return new QuantisedForm(
                    stored.type().codeBits(), columns, stored.type().elements());
        }

        @Override
        public List<Integer> order() {
            return List.of();
        }

        @Override
        public void read(int first, int count, QuantisedRows into, int at) {
            ByteBuffer bytes = rowBytes();
            for (int i = 0; i < count; i++) {
                readRow(first + i, bytes);
                for (int block = 0; block < form().groups(); block++) {
                    stored.type().decodeCodes(bytes, block * stored.type().bytes(), into, at + i, block);
                    if (!Float.isFinite(into.scale(at + i, block))) {
                        throw Refusal.of(
                                file.path(),
                                stored.name(),
                                "row %d of shape %s has a scale that is no number",
                                first + i,
                                shape);
                    }
                }
            }
        }
    }

    private ByteBuffer rowBytes() {
        return ByteBuffer.allocate(
                        columns / stored.type().elements() * stored.type().bytes())
                .order(ByteOrder.LITTLE_ENDIAN);
    }

    private void readRow(int modelRow, ByteBuffer into) {
        file.read(stored.offset() + (long) row.applyAsInt(modelRow) * into.capacity(), into.clear(), stored.name());
    }

    @Override
    public void read(long from, float[] target, int at, int count) {
        Objects.checkFromIndexSize(from, count, stored.elements());
        int blockElements = stored.type().elements();
        int blockBytes = stored.type().bytes();
        ByteBuffer bytes = rowBytes();
        float[] values = new float[columns];
        for (int done = 0; done < count; ) {
            int modelRow = (int) ((from + done) / columns);
            int column = (int) ((from + done) % columns);
            int run = Math.min(columns - column, count - done);
            readRow(modelRow, bytes);
            for (int block = 0; block * blockElements < columns; block++) {
                stored.type().decode(bytes, block * blockBytes, values, block * blockElements);
            }
            for (int i = 0; i < run; i++) {
                float value = values[column + i];
                if (!Float.isFinite(value)) {
                    throw Refusal.of(
                            file.path(),
                            stored.name(),
                            "element %d of shape %s is not a finite number",
                            from + done + i,
                            shape);
                }
                target[at + done + i] = value;
            }
            done += run;
        }
    }
}
