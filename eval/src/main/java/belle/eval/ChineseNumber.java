package belle.eval;

import java.math.BigDecimal;
import java.util.Optional;

/** Numbers in Chinese characters: 三百零五, 两万, 十二点五. */
final class ChineseNumber {
    private static final String DIGITS = "零一二三四五六七八九";
    /** Characters of whole numbers. */
    static final String WHOLE = "零〇一二两三四五六七八九十百千万亿";

    private ChineseNumber() {}

    /** Reads a number, of which 点 may part the decimals; empty where the characters are none (十十, 百一百千). */
    static Optional<BigDecimal> parse(String text) {
        int point = text.indexOf('点');
        Optional<BigDecimal> whole = whole(point < 0 ? text : text.substring(0, point));
        if (point < 0 || whole.isEmpty()) {
            return whole;
        }
        var decimals = new StringBuilder(whole.get() + ".");
        for (int i = point + 1; i < text.length(); i++) {
            int digit = digit(text.charAt(i));
            if (digit < 0) {
                return Optional.empty();
            }
            decimals.append(digit);
        }
        return Optional.of(new BigDecimal(decimals.toString()));
    }

    private static Optional<BigDecimal> whole(String text) {
        if (text.chars().allMatch(c -> digit((char) c) >= 0)) {
            var digits = new StringBuilder();
            text.chars().forEach(c -> digits.append(digit((char) c)));
            return text.isEmpty() ? Optional.empty() : Optional.of(new BigDecimal(digits.toString()));
        }
        long total = 0;
        long section = 0;
        int waiting = -1;
        long unit = Long.MAX_VALUE;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            int digit = digit(c);
            if (digit >= 0) {
                waiting = digit;
                continue;
            }
            long size = size(c);
            if (size >= 10_000) {
                section += Math.max(waiting, 0);
                total = size == 10_000 ? total + section * size : (total + section) * size;
                section = 0;
                unit = Long.MAX_VALUE;
            } else if (size < unit && (waiting > 0 || size == 10)) {
                section += Math.max(waiting, 1) * size;
                unit = size;
            } else {
                return Optional.empty();
            }
            waiting = -1;
        }
        return Optional.of(BigDecimal.valueOf(total + section + Math.max(waiting, 0)));
    }

    private static int digit(char c) {
        return c == '两' ? 2 : c == '〇' ? 0 : DIGITS.indexOf(c);
    }

    /** What 十, 百, 千, 万 or 亿 is; of Chinese numbers alone. */
    static long size(char c) {
        return switch (c) {
            case '十' -> 10;
            case '百' -> 100;
            case '千' -> 1_000;
            case '万' -> 10_000;
            case '亿' -> 100_000_000;
            default -> throw new IllegalArgumentException("no unit of numbers: " + c);
        };
    }
}
