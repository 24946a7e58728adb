package belle.eval;

import java.text.Normalizer;
import java.util.Locale;

/** Whether two texts are the same but for width, case, white space and punctuation. 0 or 1. */
final class ExactMatch {
    private ExactMatch() {}

    static double of(String answer, String reference) {
        return normal(answer).equals(normal(reference)) ? 1 : 0;
    }

    private static String normal(String text) {
        return Normalizer.normalize(text, Normalizer.Form.NFKC)
                .toLowerCase(Locale.ROOT)
                .replaceAll("[\\s\\p{Punct}\\p{IsPunctuation}]+", "");
    }
}
