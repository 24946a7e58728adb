package belle.engine;

/**
 * Turns ids into text as they come, never half a character.
 *
 * <p>Bytes that begin a character wait until it is whole. Bytes that cannot become one turn into U+FFFD as soon as that
 * is certain. Well-formed UTF-8 is that of the Unicode standard, table 3-7.
 */
final class TokenDecoder {
    private static final char REPLACEMENT = '\uFFFD';

    private final TokenBytes vocabulary;
    private final StringBuilder text = new StringBuilder();
    private boolean dropsSpace;
    private int waiting; // bytes of a character that has begun
    private int wanted; // bytes of that character in all
    private int lead; // its first byte
    private int point; // bits of its code point so far

    /** Decodes ids that follow others, or that begin a text: then the space that an encoder puts first is dropped. */
    TokenDecoder(TokenBytes vocabulary, boolean beginsText) {
        this.vocabulary = vocabulary;
        dropsSpace = beginsText && vocabulary.stripsFirstSpace();
    }

    /** Returns the text of a lone id, broken or partial characters replaced. */
    static String text(TokenBytes vocabulary, int id) {
        var decoder = new TokenDecoder(vocabulary, false);
        return decoder.next(id) + decoder.finish();
    }

    /** Returns the characters that {@code id} completes. */
    String next(int id) {
        byte[] bytes = vocabulary.bytes(id);
        int from = dropsSpace && bytes.length > 0 && bytes[0] == ' ' ? 1 : 0;
        dropsSpace &= bytes.length == 0;
        for (int i = from; i < bytes.length; i++) {
            accept(bytes[i] & 0xFF);
        }
        return take();
    }

    /** Returns what stands for the bytes that still wait; no more of their character will come. */
    String finish() {
        breakOff();
        return take();
    }

    private void accept(int next) {
        if (waiting > 0 && !continues(next)) {
            breakOff();
        }
        if (waiting == 0) {
            begin(next);
        } else {
            point = (point << 6) | (next & 0x3F);
            waiting++;
        }
        if (waiting > 0 && waiting == wanted) {
            text.appendCodePoint(point);
            waiting = 0;
        }
    }

    private void begin(int first) {
        wanted = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
        if (wanted == 0) {
            text.append(REPLACEMENT);
            return;
        }
        lead = first;
        point = wanted == 1 ? first : first & (0xFF >> (wanted + 1));
        waiting = 1;
    }

    /** The second byte's range depends on the first: no overlong form, no surrogate, nothing above U+10FFFF. */
    private boolean continues(int next) {
        boolean second = waiting == 1;
        int low = second && lead == 0xE0 ? 0xA0 : second && lead == 0xF0 ? 0x90 : 0x80;
        int high = second && lead == 0xED ? 0x9F : second && lead == 0xF4 ? 0x8F : 0xBF;
        return next >= low && next <= high;
    }

    private void breakOff() {
        int replacements = vocabulary.replacesEachByte() ? waiting : Math.min(1, waiting);
        text.repeat(REPLACEMENT, replacements);
        waiting = 0;
    }

    private String take() {
        String taken = text.toString();
        text.setLength(0);
        return taken;
    }
}
