package belle.kernels.bench;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Tensors over direct buffers, which ONNX Runtime reads and writes in place. The caller closes them. */
public final class Tensors {
    private static final OrtEnvironment ENVIRONMENT = OrtEnvironment.getEnvironment();

    private Tensors() {}

    public static OnnxTensor floats(float[] values, long... shape) throws OrtException {
        ByteBuffer bytes = direct(4L * values.length);
        bytes.asFloatBuffer().put(values);
        return over(bytes, OnnxJavaType.FLOAT, shape);
    }

    /** Rounds to float16, to nearest even. */
    public static OnnxTensor halves(float[] values, long... shape) throws OrtException {
        ByteBuffer bytes = direct(2L * values.length);
        for (float value : values) {
            bytes.putShort(Float.floatToFloat16(value));
        }
        return over(bytes.rewind(), OnnxJavaType.FLOAT16, shape);
    }

    public static OnnxTensor ints(int[] values, long... shape) throws OrtException {
        ByteBuffer bytes = direct(4L * values.length);
        bytes.asIntBuffer().put(values);
        return over(bytes, OnnxJavaType.INT32, shape);
    }

    public static OnnxTensor longs(long[] values, long... shape) throws OrtException {
        ByteBuffer bytes = direct(8L * values.length);
        bytes.asLongBuffer().put(values);
        return over(bytes, OnnxJavaType.INT64, shape);
    }

    /** A tensor whose elements are the buffer's remaining bytes. */
    public static OnnxTensor over(ByteBuffer bytes, OnnxJavaType type, long... shape) throws OrtException {
        return OnnxTensor.createTensor(ENVIRONMENT, bytes, shape, type);
    }

    /** {@code count} values between -1 and 1 that repeat themselves. */
    static float[] pattern(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (i % 37 - 18) / 18f;
        }
        return values;
    }

    /** A zeroed direct buffer in native order. */
    public static ByteBuffer direct(long bytes) {
        return ByteBuffer.allocateDirect(Math.toIntExact(bytes)).order(ByteOrder.nativeOrder());
    }
}
