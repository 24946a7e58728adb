package belle.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TokenDecoderTest {
    private static final String TEXT = "aé你😀 \u0000\uD7FF\uE000\uFFFD\uFFFF\uD83C\uDDE8\uD83C\uDDF3\uDBFF\uDFFF";

    static LongStream seeds() {
        Long one = Long.getLong("seed");
        return one != null ? LongStream.of(one) : LongStream.range(0, 300);
    }

    @ParameterizedTest(name = "-Dseed={0}")
    @MethodSource("seeds")
    void wholeTextSurvivesAnySplit(long seed) {
        byte[] bytes = TEXT.getBytes(UTF_8);
        var vocabulary = new Pieces(new SplittableRandom(seed), bytes, false);
        var decoder = new TokenDecoder(vocabulary, true);
        var shown = new StringBuilder();
        for (int id = 0; id < vocabulary.size(); id++) {
            shown.append(decoder.next(id));
            assertThat(shown.toString()).isEqualTo(longestWhole(bytes, vocabulary.end(id)));
        }
        assertThat(decoder.finish()).isEmpty();
        assertThat(shown.toString()).isEqualTo(TEXT);
    }

    @ParameterizedTest(name = "-Dseed={0}")
    @MethodSource("seeds")
    void brokenBytesAreReplacedAsEachFamilyDoes(long seed) {
        byte[] bytes = brokenBytes(new SplittableRandom(seed));
        for (boolean eachByte : new boolean[] {false, true}) {
            String expected = replaced(bytes, eachByte);
            assertThat(decode(new Pieces(new SplittableRandom(seed), bytes, eachByte)))
                    .isEqualTo(expected);
        }
    }

    @Test
    void replacesTheLongestBeginningOfACharacterOnce() {
        byte[] bytes = {(byte) 0xF0, (byte) 0x9F, (byte) 0x98, 'a', (byte) 0xED, (byte) 0xA0, (byte) 0xE4, (byte) 0xBD};
        assertThat(decode(new Pieces(new SplittableRandom(1), bytes, false))).isEqualTo("\uFFFDa\uFFFD\uFFFD\uFFFD");
        assertThat(decode(new Pieces(new SplittableRandom(1), bytes, true)))
                .isEqualTo("\uFFFD\uFFFD\uFFFDa\uFFFD\uFFFD\uFFFD\uFFFD");
    }

    @Test
    void dropsTheSpaceThatAnEncoderPutsFirst() {
        var vocabulary = new Pieces(new SplittableRandom(1), " a b".getBytes(UTF_8), true);
        assertThat(decode(vocabulary, true)).isEqualTo("a b");
        assertThat(decode(vocabulary, false)).isEqualTo(" a b");
        assertThat(decode(new Pieces(new SplittableRandom(1), "  a".getBytes(UTF_8), true), true))
                .isEqualTo(" a");
        assertThat(decode(new Pieces(new SplittableRandom(1), " a".getBytes(UTF_8), false), true))
                .isEqualTo(" a");
    }

    private static String decode(Pieces vocabulary) {
        return decode(vocabulary, false);
    }

    private static String decode(Pieces vocabulary, boolean beginsText) {
        var decoder = new TokenDecoder(vocabulary, beginsText);
        var text = new StringBuilder();
        for (int id = 0; id < vocabulary.size(); id++) {
            text.append(decoder.next(id));
        }
        return text.append(decoder.finish()).toString();
    }

    /** Mostly bytes at the borders of what UTF-8 allows. */
    private static byte[] brokenBytes(SplittableRandom random) {
        int[] likely = {
            'a', 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE4, 0xED, 0xEF, 0xF0, 0xF1,
            0xF4, 0xF5, 0xFF
        };
        byte[] bytes = new byte[1 + random.nextInt(24)];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (random.nextInt(4) == 0 ? random.nextInt(256) : likely[random.nextInt(likely.length)]);
        }
        return bytes;
    }

    private static String longestWhole(byte[] bytes, int end) {
        for (int cut = end; ; cut--) {
            try {
                return UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, 0, cut)).toString();
            } catch (CharacterCodingException e) {
                assertThat(cut).as(e.toString()).isGreaterThan(end - 4);
            }
        }
    }

    private static String replaced(byte[] bytes, boolean eachByte) {
        var text = new StringBuilder();
        int at = 0;
        while (at < bytes.length) {
            int whole = wholeAt(bytes, at);
            text.append(whole == 0 ? "\uFFFD" : new String(bytes, at, whole, UTF_8));
            at += whole > 0 ? whole : eachByte ? 1 : beginningAt(bytes, at);
        }
        return text.toString();
    }

    /** Returns the length of the character that begins at {@code at}, 0 for none: the shortest that the JDK accepts. */
    private static int wholeAt(byte[] bytes, int at) {
        for (int length = 1; length <= Math.min(4, bytes.length - at); length++) {
            if (valid(Arrays.copyOfRange(bytes, at, at + length))) {
                return length;
            }
        }
        return 0;
    }

    /** Returns how many bytes at {@code at} some further bytes could make a character of; at least 1. */
    private static int beginningAt(byte[] bytes, int at) {
        int longest = 1;
        for (int length = 2; length <= Math.min(3, bytes.length - at); length++) {
            byte[] three = Arrays.copyOf(Arrays.copyOfRange(bytes, at, at + length), 3);
            byte[] four = Arrays.copyOf(three, 4);
            Arrays.fill(three, length, 3, (byte) 0x80);
            Arrays.fill(four, length, 4, (byte) 0x80);
            longest = (length < 3 && valid(three)) || valid(four) ? length : longest;
        }
        return longest;
    }

    private static boolean valid(byte[] bytes) {
        try {
            UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    /** Bytes cut into ids at random places; an id may be empty, as a special one is. */
    private static final class Pieces implements TokenBytes {
        private final byte[] bytes;
        private final int[] ends;
        private final boolean sentencePiece;

        Pieces(SplittableRandom random, byte[] bytes, boolean sentencePiece) {
            this.bytes = bytes;
            this.sentencePiece = sentencePiece;
            ends = random.ints(1 + bytes.length, 0, bytes.length + 1).sorted().toArray();
            ends[bytes.length] = bytes.length;
        }

        int end(int id) {
            return ends[id];
        }

        @Override
        public byte[] bytes(int id) {
            return Arrays.copyOfRange(bytes, id == 0 ? 0 : ends[id - 1], ends[id]);
        }

        @Override
        public boolean special(int id) {
            return bytes(id).length == 0;
        }

        @Override
        public int size() {
            return ends.length;
        }

        @Override
        public boolean stripsFirstSpace() {
            return sentencePiece;
        }
    }
}
