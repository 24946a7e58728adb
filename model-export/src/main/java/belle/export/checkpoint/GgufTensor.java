package belle.export.checkpoint;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Objects;
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
    public void read(long from, float[] target, int at, int count) {
        Objects.checkFromIndexSize(from, count, stored.elements());
        int blockElements = stored.type().elements();
        int blockBytes = stored.type().bytes();
        ByteBuffer bytes =
                ByteBuffer.allocate(columns / blockElements * blockBytes).order(ByteOrder.LITTLE_ENDIAN);
        float[] values = new float[columns];
        for (int done = 0; done < count; ) {
            int modelRow = (int) ((from + done) / columns);
            int column = (int) ((from + done) % columns);
            int run = Math.min(columns - column, count - done);
            long rowAt = stored.offset() + (long) row.applyAsInt(modelRow) * bytes.capacity();
            file.read(rowAt, bytes.clear(), stored.name());
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
