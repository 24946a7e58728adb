package belle.export.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Random blocks, and the numbers that gguf 0.19 for Python reads in them. */
class GgufTypeTest {
    static Stream<String> blocks() throws IOException {
        try (InputStream file = GgufTypeTest.class.getResourceAsStream("/gguf-blocks.txt")) {
            return new String(Objects.requireNonNull(file).readAllBytes(), StandardCharsets.US_ASCII).lines();
        }
    }

    @ParameterizedTest
    @MethodSource("blocks")
    void readsTheNumbersThatTheReferenceReads(String line) {
        String[] parts = line.split(" ", 3);
        GgufType type = GgufType.valueOf(parts[0]);
        ByteBuffer bytes = ByteBuffer.wrap(HexFormat.of().parseHex(parts[1])).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer expected = ByteBuffer.wrap(HexFormat.of().parseHex(parts[2]));
        float[] numbers = new float[expected.capacity() / Float.BYTES];
        for (int block = 0; block * type.elements() < numbers.length; block++) {
            type.decode(bytes, block * type.bytes(), numbers, block * type.elements());
        }
        float[] wanted = new float[numbers.length];
        expected.asFloatBuffer().get(wanted);
        assertThat(numbers).isEqualTo(wanted);
    }
}
