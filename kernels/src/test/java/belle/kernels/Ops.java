package belle.kernels;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import belle.kernels.bench.SingleOp;
import belle.kernels.bench.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Shared by the tests: inputs at random, and one run of one op. */
final class Ops {
    private Ops() {}

    /** The instruction sets that this machine runs. */
    static List<String> instructionSets() {
        List<String> sets = new ArrayList<>();
        for (String name : List.of("scalar", "avx2", "avx512", "vnni")) {
            if (NativeLibrary.selectIsa(name)) {
                sets.add(name);
            }
        }
        return sets;
    }

    static float[] random(Random random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    /** The op's output as an array. Closes the inputs. */
    static float[] run(SingleOp op, @Nullable OnnxTensor... inputs) throws OrtException {
        List<@Nullable OnnxTensor> list = Arrays.asList(inputs);
        try (OrtSession.Result result = op.run(list)) {
            var buffer = ((OnnxTensor) result.get(0)).getFloatBuffer();
            float[] values = new float[buffer.remaining()];
            buffer.get(values);
            return values;
        } finally {
            list.forEach(Ops::close);
        }
    }

    private static void close(@Nullable OnnxTensor tensor) {
        if (tensor != null) {
            tensor.close();
        }
    }

    /** Rounds each value to float16 and back. */
    static float[] roundedToHalf(float[] values) {
        float[] rounded = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            rounded[i] = Float.float16ToFloat(Float.floatToFloat16(values[i]));
        }
        return rounded;
    }

    static OnnxTensor weights(boolean half, float[] values, long... shape) throws OrtException {
        return half ? Tensors.halves(values, shape) : Tensors.floats(values, shape);
    }

    static OnnxJavaType weightType(boolean half) {
        return half ? OnnxJavaType.FLOAT16 : OnnxJavaType.FLOAT;
    }

    /** Names the first place where two arrays differ in a bit; empty when they are equal. */
    static String difference(float[] a, float[] b) {
        if (a.length != b.length) {
            return "lengths " + a.length + " and " + b.length;
        }
        for (int i = 0; i < a.length; i++) {
            if (Float.floatToRawIntBits(a[i]) != Float.floatToRawIntBits(b[i])) {
                return "[" + i + "] " + a[i] + " and " + b[i];
            }
        }
        return "";
    }
}
