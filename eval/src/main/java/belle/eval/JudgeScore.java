package belle.eval;

import java.text.Normalizer;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The score in a judge's reply: a number from 0 to 1 behind {@code 得分:}, with full-width or half-width colon and digits, perhaps
 * {@code /1}. What a model thought aloud before {@code </think>} does not count.
 */
final class JudgeScore {
    private static final Pattern HEAD =
            Pattern.compile("(?<![\\p{L}\\p{N}])(?:最终|最后|综合|总|模型|回答)?得分[\\s*_\"'`“”]*:[\\s*_\"'`“”]*");
    private static final Pattern CLAIM = Pattern.compile("[+-]?\\.?\\d");
    /** Neither a part of a longer number, nor of per cent, of a range, or of so many points out of more than one. */
    private static final Pattern NUMBER = Pattern.compile(
            "(\\d++(?:\\.\\d++)?+|\\.\\d++)(?:\\s*/\\s*1(?:\\.0+)?)?(?![.,]?\\d)(?!\\s*[%‰/])(?!\\s*[-~–—到至]\\s*\\.?\\d)");

    private JudgeScore() {}

    /** Returns the score; nothing if there is none, if it is not from 0 to 1, or if there are two that differ. */
    static OptionalDouble read(String reply) {
        String text = Normalizer.normalize(reply, Normalizer.Form.NFKC);
        text = text.substring(text.lastIndexOf("</think>") + 1);
        OptionalDouble found = OptionalDouble.empty();
        Matcher head = HEAD.matcher(text);
        while (head.find()) {
            String tail = text.substring(head.end());
            if (!CLAIM.matcher(tail).lookingAt()) {
                continue;
            }
            Matcher number = NUMBER.matcher(tail);
            double score = number.lookingAt() ? Double.parseDouble(number.group(1)) : Double.NaN;
            boolean differs = found.isPresent() && found.getAsDouble() != score;
            if (!(score >= 0 && score <= 1) || differs) {
                return OptionalDouble.empty();
            }
            found = OptionalDouble.of(score);
        }
        return found;
    }
}
