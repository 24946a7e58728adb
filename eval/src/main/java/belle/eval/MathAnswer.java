package belle.eval;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The number that an answer to a mathematical question ends in, and whether it is the reference's. Where it is looked for, first that
 * applies:
 *
 * <ol>
 *   <li>in the last {@code \boxed{…}};
 *   <li>in the first sentence with a number behind the last 答案是, 答案：, 答： or {@code ####};
 *   <li>in the last sentence with a number.
 * </ol>
 *
 * Of several numbers in that sentence it is the last one that the question does not give, else the last one. Numbers in Chinese
 * characters count where the sentence has no other ones.
 */
final class MathAnswer {
    private static final Pattern MARK = Pattern.compile("(?:####|答案?\\s*[:：]|答案\\s*[是为]\\s*[:：]?)(?=[^\\n]*\\S)");
    private static final Pattern BOXED = Pattern.compile("\\\\boxed\\s*\\{((?:[^{}]|\\{[^{}]*})*)}");
    private static final Pattern SENTENCE_END = Pattern.compile("[。！？!?；;\\n]|\\.(?=\\s|$)");
    private static final Pattern LIST_NUMBER = Pattern.compile("(?m)^\\s*\\d{1,2}[.、)）]\\s*(?=[^\\d\\s])");
    private static final String SIGN = "(?<sign>(?<![\\d\\w)）%])-\\s*|负)?";
    private static final Pattern ARABIC = Pattern.compile(SIGN + "(?<![A-Za-z\\d.^_])(?:"
            + "(?:(?<mixed>\\d+)(?:又|\\s+))?(?<over>\\d+(?:\\.\\d+)?)\\s*/\\s*(?<under>\\d+(?:\\.\\d+)?)"
            + "|(?<parts>\\d+)\\s*分之\\s*(?<of>\\d+)"
            + "|(?<plain>\\d{1,3}(?:,\\d{3})+(?!\\d)(?:\\.\\d+)?|\\d+(?:\\.\\d+)?)"
            + "(?:\\s*[×x*]\\s*10\\s*\\^\\s*\\{?(?<power>-?\\d{1,3})}?)?"
            + ")\\s*(?<percent>%|‰)?(?<size>(?:[十百]|千(?![瓦卡焦帕赫伏字]))?[万亿]{0,2})");
    private static final String CHINESE = "[" + ChineseNumber.WHOLE + "]+(?:点[零〇一二三四五六七八九]+)?";
    private static final Pattern CHINESE_NUMBER = Pattern.compile("(?<sign>负)?(?<!第)(?:"
            + "(?<half>一半|二分之一)|百分之(?<percent>" + CHINESE + ")|(?<parts>" + CHINESE + ")分之(?<of>" + CHINESE + ")"
            + "|(?!一[共些起样定般直下旦])(?<plain>" + CHINESE + "))");

    private MathAnswer() {}

    /** The number that {@code text} ends in. */
    static Optional<MathNumber> number(String question, String text) {
        List<MathNumber> given = new ArrayList<>();
        for (String sentence : sentences(clean(question))) {
            given.addAll(numbers(sentence));
        }
        return deciding(clean(text))
                .flatMap(numbers -> numbers.reversed().stream()
                        .filter(number -> given.stream().noneMatch(number::isSame))
                        .findFirst()
                        .or(() -> Optional.of(numbers.getLast())));
    }

    /** Whether an answer ends in the reference's number; empty where the reference has none. */
    static Optional<Boolean> isRight(String question, String answer, String reference) {
        return number(question, reference)
                .map(wanted -> number(question, answer).filter(wanted::isSame).isPresent());
    }

    /** The numbers of the sentence that decides. */
    private static Optional<List<MathNumber>> deciding(String text) {
        Optional<String> boxed =
                BOXED.matcher(text).results().reduce((_, last) -> last).map(found -> found.group(1));
        if (boxed.isPresent()) {
            return Optional.of(numbers(boxed.get())).filter(numbers -> !numbers.isEmpty());
        }
        Optional<MatchResult> mark = MARK.matcher(text).results().reduce((_, last) -> last);
        return mark.flatMap(found -> sentences(text.substring(found.end())).stream()
                        .map(MathAnswer::numbers)
                        .filter(numbers -> !numbers.isEmpty())
                        .findFirst())
                .or(() -> sentences(text).reversed().stream()
                        .map(MathAnswer::numbers)
                        .filter(numbers -> !numbers.isEmpty())
                        .findFirst());
    }

    private static List<String> sentences(String text) {
        return List.of(SENTENCE_END.split(text));
    }

    /** Full-width characters become plain ones, LaTeX fractions a/b; powers of units and the numbers of a list go. */
    private static String clean(String text) {
        var plain = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c > 0xff00 && c < 0xff5f && c != '，' && c != '；' && c != '：') {
                plain.append((char) (c - 0xfee0));
            } else {
                plain.append(c == '\u00a0' || c == '\u3000' ? ' ' : c == '−' || c == '–' ? '-' : c);
            }
        }
        String known = plain.toString()
                .replaceAll("\\\\[dt]?frac\\s*\\{([^{}]*)}\\s*\\{([^{}]*)}", " $1/$2")
                .replaceAll("\\\\times", "×")
                .replaceAll("\\\\%", "%")
                .replaceAll("\\*\\*|\\$", "")
                .replaceAll("cm(²|\\^2)", "平方厘米")
                .replaceAll("cm(³|\\^3)", "立方厘米")
                .replaceAll("(?<![a-z])m(²|\\^2)", "平方米")
                .replaceAll("(?<![a-z])m(³|\\^3)", "立方米")
                .replaceAll("[²³]", "");
        return LIST_NUMBER.matcher(known).replaceAll("");
    }

    private static List<MathNumber> numbers(String sentence) {
        List<MathNumber> numbers = new ArrayList<>();
        Matcher arabic = ARABIC.matcher(sentence);
        while (arabic.find()) {
            arabic(sentence, arabic).ifPresent(numbers::add);
        }
        if (numbers.isEmpty()) {
            Matcher chinese = CHINESE_NUMBER.matcher(sentence);
            while (chinese.find()) {
                chinese(sentence, chinese).ifPresent(numbers::add);
            }
        }
        return numbers;
    }

    private static Optional<MathNumber> arabic(String sentence, Matcher found) {
        BigDecimal over;
        BigDecimal under = BigDecimal.ONE;
        int decimals = 0;
        if (found.group("over") != null) {
            under = new BigDecimal(found.group("under"));
            BigDecimal mixed = new BigDecimal(found.group("mixed") == null ? "0" : found.group("mixed"));
            over = new BigDecimal(found.group("over")).add(mixed.multiply(under));
        } else if (found.group("parts") != null) {
            over = new BigDecimal(found.group("of"));
            under = new BigDecimal(found.group("parts"));
        } else {
            over = new BigDecimal(found.group("plain").replace(",", ""));
            decimals = over.scale();
            if (found.group("power") != null) {
                over = over.scaleByPowerOfTen(Integer.parseInt(found.group("power")));
            }
        }
        if (found.group("percent") != null) {
            under = under.multiply(BigDecimal.valueOf(found.group("percent").equals("%") ? 100 : 1000));
        }
        int end = found.end();
        for (int i = found.start("size"); i < found.end("size"); i++) {
            if (!MathNumber.unitAt(sentence, i).isEmpty()) {
                end = i;
                break;
            }
            over = over.multiply(BigDecimal.valueOf(ChineseNumber.size(sentence.charAt(i))));
        }
        boolean asWritten =
                end == found.start("size") && found.group("percent") == null && found.group("power") == null;
        return number(sentence, found, over, under, asWritten ? decimals : 0, end);
    }

    private static Optional<MathNumber> chinese(String sentence, Matcher found) {
        if (found.group("half") != null) {
            return number(sentence, found, BigDecimal.ONE, BigDecimal.TWO, 0, found.end());
        }
        if (found.group("percent") != null) {
            return ChineseNumber.parse(found.group("percent"))
                    .flatMap(value -> number(sentence, found, value, BigDecimal.valueOf(100), 0, found.end()));
        }
        if (found.group("parts") != null) {
            return ChineseNumber.parse(found.group("of"))
                    .flatMap(over -> ChineseNumber.parse(found.group("parts"))
                            .flatMap(under -> number(sentence, found, over, under, 0, found.end())));
        }
        // 千 of 十千米 is the unit's.
        String plain = found.group("plain");
        int end = found.end();
        if (plain.length() > 1
                && plain.endsWith("千")
                && !MathNumber.unitAt(sentence, end - 1).isEmpty()) {
            plain = plain.substring(0, plain.length() - 1);
            end--;
        }
        int behind = end;
        return ChineseNumber.parse(plain)
                .flatMap(value -> number(sentence, found, value, BigDecimal.ONE, Math.max(value.scale(), 0), behind));
    }

    private static Optional<MathNumber> number(
            String sentence, Matcher found, BigDecimal over, BigDecimal under, int decimals, int end) {
        if (under.signum() == 0) {
            return Optional.empty();
        }
        int at = end;
        while (at < sentence.length() && sentence.charAt(at) == ' ') {
            at++;
        }
        BigDecimal signed = found.group("sign") == null ? over : over.negate();
        return Optional.of(new MathNumber(signed, under, decimals, MathNumber.unitAt(sentence, at)));
    }
}
