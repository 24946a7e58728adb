package belle.eval;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;

/**
 * A number in a text.
 *
 * @param numerator over {@code denominator} it is the value, percent and 万 or 亿 counted in
 * @param denominator not 0
 * @param decimals digits behind the point as it was written; 0 for fractions, percentages and what has 万 or 亿
 * @param unit as written; empty where none that is known follows
 */
record MathNumber(BigDecimal numerator, BigDecimal denominator, int decimals, String unit) {
    /** From here on a decimal counts as a rounded value. */
    private static final int ROUNDED_DECIMALS = 2;

    /** A unit's dimension, and how many of the dimension's first unit it is. */
    private record Measure(String dimension, String factor) {}

    private static final Map<String, Measure> UNITS = Map.ofEntries(
            Map.entry("千米", new Measure("length", "1000")),
            Map.entry("公里", new Measure("length", "1000")),
            Map.entry("km", new Measure("length", "1000")),
            Map.entry("米", new Measure("length", "1")),
            Map.entry("m", new Measure("length", "1")),
            Map.entry("分米", new Measure("length", "0.1")),
            Map.entry("厘米", new Measure("length", "0.01")),
            Map.entry("cm", new Measure("length", "0.01")),
            Map.entry("毫米", new Measure("length", "0.001")),
            Map.entry("平方千米", new Measure("area", "1000000")),
            Map.entry("公顷", new Measure("area", "10000")),
            Map.entry("平方米", new Measure("area", "1")),
            Map.entry("平方分米", new Measure("area", "0.01")),
            Map.entry("平方厘米", new Measure("area", "0.0001")),
            Map.entry("立方米", new Measure("volume", "1000")),
            Map.entry("升", new Measure("volume", "1")),
            Map.entry("立方分米", new Measure("volume", "1")),
            Map.entry("毫升", new Measure("volume", "0.001")),
            Map.entry("立方厘米", new Measure("volume", "0.001")),
            Map.entry("吨", new Measure("mass", "1000")),
            Map.entry("千克", new Measure("mass", "1")),
            Map.entry("公斤", new Measure("mass", "1")),
            Map.entry("kg", new Measure("mass", "1")),
            Map.entry("斤", new Measure("mass", "0.5")),
            Map.entry("克", new Measure("mass", "0.001")),
            Map.entry("小时", new Measure("time", "3600")),
            Map.entry("分钟", new Measure("time", "60")),
            Map.entry("秒", new Measure("time", "1")),
            Map.entry("元", new Measure("money", "1")),
            Map.entry("角", new Measure("money", "0.1")));

    /** The unit that {@code text} has at {@code at}, the longest one; empty for none. */
    static String unitAt(String text, int at) {
        return UNITS.keySet().stream()
                .filter(unit -> text.startsWith(unit, at) && endsThere(text, at + unit.length(), unit))
                .max(Comparator.comparingInt(String::length))
                .orElse("");
    }

    /** A unit in Latin letters ends where the letters do. */
    private static boolean endsThere(String text, int end, String unit) {
        return unit.charAt(0) > 'z'
                || end == text.length()
                || text.charAt(end) > 'z'
                || !Character.isLetter(text.charAt(end));
    }

    /**
     * Whether two numbers are the same: as values, where one is a decimal of two digits or more also as the other one rounded
     * to it. Units of one dimension are converted, of two dimensions never the same, and a unit that only one has does not count.
     */
    boolean isSame(MathNumber other) {
        Optional<Measure> mine = Optional.ofNullable(UNITS.get(unit));
        Optional<Measure> theirs = Optional.ofNullable(UNITS.get(other.unit));
        if (mine.isEmpty() || theirs.isEmpty() || mine.equals(theirs)) {
            return isSameValue(other);
        }
        return mine.get().dimension().equals(theirs.get().dimension())
                && times(mine.get()).isSameExactly(other.times(theirs.get()));
    }

    private MathNumber times(Measure measure) {
        return new MathNumber(numerator.multiply(new BigDecimal(measure.factor())), denominator, 0, "");
    }

    private boolean isSameExactly(MathNumber other) {
        return numerator.multiply(other.denominator).compareTo(other.numerator.multiply(denominator)) == 0;
    }

    private boolean isSameValue(MathNumber other) {
        return isSameExactly(other) || rounds(other) || other.rounds(this);
    }

    /** Whether this is {@code exact} rounded. */
    private boolean rounds(MathNumber exact) {
        return decimals >= ROUNDED_DECIMALS
                && exact.value().setScale(decimals, RoundingMode.HALF_UP).compareTo(value()) == 0;
    }

    private BigDecimal value() {
        return numerator.divide(denominator, MathContext.DECIMAL128);
    }
}
