package belle.text;

import java.nio.charset.StandardCharsets;

/** Decodes UTF-8 that may be broken. Well-formedness is that of the Unicode standard, table 3-7. */
final class Utf8 {
    private static final char REPLACEMENT = '\uFFFD';

    private Utf8() {}

    /** What one U+FFFD stands for in broken bytes. */
    enum Replacing {
        /** The longest run that begins like a character (Unicode's recommended practice; byte-level BPE). */
        LONGEST_BEGINNING,
        /** Each byte on its own (SentencePiece). */
        EACH_BYTE
    }

    /** Returns the text of {@code bytes}, broken parts replaced. */
    static String decode(byte[] bytes, Replacing replacing) {
        StringBuilder text = new StringBuilder(bytes.length);
        int at = 0;
        int good = 0;
        while (at < bytes.length) {
            int length = sequence(bytes, at);
            if (length > 0) {
                at += length;
                continue;
            }
            text.append(new String(bytes, good, at - good, StandardCharsets.UTF_8))
                    .append(REPLACEMENT);
            at += replacing == Replacing.EACH_BYTE ? 1 : -length;
            good = at;
        }
        return text.append(new String(bytes, good, at - good, StandardCharsets.UTF_8))
                .toString();
    }

    /** Tells whether {@code bytes} are whole, well-formed characters. */
    static boolean valid(byte[] bytes) {
        int at = 0;
        while (at < bytes.length) {
            int length = sequence(bytes, at);
            if (length <= 0) {
                return false;
            }
            at += length;
        }
        return true;
    }

    /** Returns {@code text} with every lone surrogate, which UTF-8 cannot hold, replaced. */
    static String wellFormed(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                int[] points = text.codePoints()
                        .map(point -> point >= 0xD800 && point <= 0xDFFF ? REPLACEMENT : point)
                        .toArray();
                return new String(points, 0, points.length);
            }
        }
        return text;
    }

    /** Returns the length of the character at {@code at}, or minus the length of the broken beginning there. */
    private static int sequence(byte[] bytes, int at) {
        int lead = bytes[at] & 0xFF;
        if (lead < 0x80) {
            return 1;
        }
        int length = lead >= 0xC2 && lead <= 0xDF
                ? 2
                : lead >= 0xE0 && lead <= 0xEF ? 3 : lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
        for (int i = 1; i < length; i++) {
            if (at + i >= bytes.length || !follows(lead, i, bytes[at + i] & 0xFF)) {
                return -i;
            }
        }
        return length == 0 ? -1 : length;
    }

    /** The second byte's range depends on the first: no overlong forms, no surrogates, nothing above U+10FFFF. */
    private static boolean follows(int lead, int place, int next) {
        int low = place == 1 && lead == 0xE0 ? 0xA0 : place == 1 && lead == 0xF0 ? 0x90 : 0x80;
        int high = place == 1 && lead == 0xED ? 0x9F : place == 1 && lead == 0xF4 ? 0x8F : 0xBF;
        return next >= low && next <= high;
    }
}
