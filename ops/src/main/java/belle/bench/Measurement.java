package belle.bench;

/**
 * One measured number.
 *
 * @param name what was measured: {@code 4 streams}
 * @param unit of {@code value}: {@code tokens/s}, {@code s}, {@code ms}
 * @param moreIsBetter false for times
 */
public record Measurement(String name, double value, String unit, boolean moreIsBetter) {
    /** Returns how many times better this is than {@code other}, above 1 when it is better. */
    public double ratioTo(Measurement other) {
        return moreIsBetter ? value / other.value : other.value / value;
    }
}
