package belle.export.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ElementsTest {
    private static final int PATTERNS = 1 << 16;

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"F16", "BF16"})
    void convertsEveryBitPatternAndFindsEveryOneThatIsNotFinite(DType type) {
        for (int bits = 0; bits < PATTERNS; bits++) {
            float expected = type == DType.F16 ? Float.float16ToFloat((short) bits) : Float.intBitsToFloat(bits << 16);
            for (int at = 0; at < 3; at++) {
                ByteBuffer stored = ByteBuffer.allocate(6).order(ByteOrder.LITTLE_ENDIAN);
                stored.putShort(2 * at, (short) bits);
                float[] values = new float[4];
                Elements.toFloats(type, stored, values, 1);
                assertThat(Float.floatToIntBits(values[at + 1])).isEqualTo(Float.floatToIntBits(expected));
                assertThat(Elements.firstNotFinite(type, stored)).isEqualTo(Float.isFinite(expected) ? -1 : at);
            }
        }
    }

    @Test
    void findsTheFirstFloatThatIsNotFinite() {
        for (float bad : new float[] {Float.NaN, Float.NEGATIVE_INFINITY, Float.intBitsToFloat(0xff800001)}) {
            ByteBuffer stored = ByteBuffer.wrap(TinyCheckpoints.stored(DType.F32, 1, -0f, Float.MAX_VALUE, bad, bad));
            assertThat(Elements.firstNotFinite(DType.F32, stored)).isEqualTo(3);
        }
        ByteBuffer extremes = ByteBuffer.wrap(
                TinyCheckpoints.stored(DType.F32, Float.MIN_VALUE, -Float.MAX_VALUE, Float.MAX_VALUE, 0, -0f));
        assertThat(Elements.firstNotFinite(DType.F32, extremes)).isEqualTo(-1);
    }
}
