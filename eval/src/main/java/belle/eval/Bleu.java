package belle.eval;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * BLEU (Papineni et al. 2002) as sacrebleu 2 computes it with the tokenizer {@code zh}: every Chinese character is a token, other text is
 * split as by {@code 13a} without its language rules; up to 4-grams; of a sentence with exponential smoothing and effective order. From 0 to 100.
 */
final class Bleu {
    private static final int ORDER = 4;

    private final long[] matches = new long[ORDER];
    private final long[] totals = new long[ORDER];
    private long answerTokens;
    private long referenceTokens;

    /** BLEU of one answer. */
    static double sentence(String answer, String reference) {
        var bleu = new Bleu();
        bleu.add(answer, reference);
        return bleu.score(true);
    }

    /** Counts an answer in. */
    void add(String answer, String reference) {
        List<String> said = tokens(answer);
        List<String> wanted = tokens(reference);
        answerTokens += said.size();
        referenceTokens += wanted.size();
        for (int n = 1; n <= ORDER; n++) {
            Map<List<String>, Integer> known = grams(wanted, n);
            for (var gram : grams(said, n).entrySet()) {
                totals[n - 1] += gram.getValue();
                matches[n - 1] += Math.min(gram.getValue(), known.getOrDefault(gram.getKey(), 0));
            }
        }
    }

    /** Of all that was counted. */
    double corpus() {
        return score(false);
    }

    private double score(boolean effectiveOrder) {
        if (matches[0] == 0) {
            return 0;
        }
        double logs = 0;
        double smooth = 1;
        int order = 0;
        for (int n = 0; n < ORDER && totals[n] > 0; n++) {
            order = n + 1;
            if (matches[n] == 0) {
                smooth *= 2;
                logs += Math.log(100.0 / (smooth * totals[n]));
            } else {
                logs += Math.log(100.0 * matches[n] / totals[n]);
            }
        }
        if (order < ORDER && !effectiveOrder) {
            return 0;
        }
        double brevity = answerTokens < referenceTokens ? Math.exp(1 - (double) referenceTokens / answerTokens) : 1;
        return brevity * Math.exp(logs / order);
    }

    private static Map<List<String>, Integer> grams(List<String> tokens, int n) {
        Map<List<String>, Integer> grams = new HashMap<>();
        for (int i = 0; i + n <= tokens.size(); i++) {
            grams.merge(List.copyOf(tokens.subList(i, i + n)), 1, Integer::sum);
        }
        return grams;
    }

    static List<String> tokens(String text) {
        var spaced = new StringBuilder();
        text.strip().codePoints().forEach(c -> {
            if (isChinese(c)) {
                spaced.append(' ').appendCodePoint(c).append(' ');
            } else {
                spaced.appendCodePoint(c);
            }
        });
        String split = spaced.toString()
                .replaceAll("([{-~\\[-` -&(-+:-@/])", " $1 ")
                .replaceAll("([^0-9])([.,])", "$1 $2 ")
                .replaceAll("([.,])([^0-9])", " $1 $2")
                .replaceAll("([0-9])(-)", "$1 $2 ");
        List<String> tokens = new ArrayList<>();
        for (String token : split.split("\\s+", -1)) {
            if (!token.isEmpty()) {
                tokens.add(token);
            }
        }
        return tokens;
    }

    /**
     * The ranges that sacrebleu takes for Chinese, full-width punctuation among them. Its ranges of extension B are written with
     * four digits too few, so that they hold U+2001 to U+2A6D instead; scores are compared with those of others, so it is so here.
     */
    private static boolean isChinese(int c) {
        return (c >= 0x3400 && c <= 0x4db5)
                || (c >= 0x4e00 && c <= 0x9fa5)
                || (c >= 0x9fa6 && c <= 0x9fbb)
                || (c >= 0xf900 && c <= 0xfa2d)
                || (c >= 0xfa30 && c <= 0xfa6a)
                || (c >= 0xfa70 && c <= 0xfad9)
                || (c >= 0x2001 && c <= 0x2a6d)
                || (c >= 0xff00 && c <= 0xffef)
                || (c >= 0x2e80 && c <= 0x2eff)
                || (c >= 0x3000 && c <= 0x303f)
                || (c >= 0x31c0 && c <= 0x31ef)
                || (c >= 0x2f00 && c <= 0x2fdf)
                || (c >= 0x2ff0 && c <= 0x2fff)
                || (c >= 0x3100 && c <= 0x312f)
                || (c >= 0x31a0 && c <= 0x31bf)
                || (c >= 0xfe10 && c <= 0xfe1f)
                || (c >= 0xfe30 && c <= 0xfe4f)
                || (c >= 0x2600 && c <= 0x26ff)
                || (c >= 0x2700 && c <= 0x27bf)
                || (c >= 0x3200 && c <= 0x32ff)
                || (c >= 0x3300 && c <= 0x33ff);
    }
}
