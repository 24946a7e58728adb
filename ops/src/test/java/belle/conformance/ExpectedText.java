package belle.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import belle.engine.TokenBytes;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;

/**
 * The text of greedy ids, to the character. The reference's file has the bytes of the ids decoded as one piece of UTF-8,
 * one U+FFFD for each broken beginning of a character; SentencePiece, whose models say so, has one for each broken byte.
 */
public final class ExpectedText {
    private ExpectedText() {}

    /** Returns what must be generated for {@code ids}, after checking that their bytes are {@code fileText}'s. */
    public static String of(TokenBytes vocabulary, int[] ids, String fileText) {
        var bytes = new ByteArrayOutputStream();
        for (int id : ids) {
            bytes.writeBytes(vocabulary.bytes(id));
        }
        assertThat(decoded(bytes.toByteArray(), false)).isEqualTo(fileText);
        return decoded(bytes.toByteArray(), vocabulary.replacesEachByte());
    }

    private static String decoded(byte[] bytes, boolean eachByte) {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer out = CharBuffer.allocate(bytes.length);
        for (CoderResult result = decoder.decode(in, out, true);
                result.isError();
                result = decoder.decode(in, out, true)) {
            in.position(in.position() + result.length());
            out.put("\uFFFD".repeat(eachByte ? result.length() : 1));
        }
        return out.flip().toString();
    }
}
