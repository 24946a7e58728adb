package belle.scaling;

import java.util.Locale;

/**
 * A number about a machine, and how far it can be trusted.
 *
 * @param note what was measured, on what, or what the assumption is
 */
public record Fact(double value, Origin origin, String note) {
    /** Where a number comes from. */
    public enum Origin {
        /** It was measured as it stands. */
        MEASURED,
        /** It was calculated from something that was measured. */
        DERIVED,
        /** Nobody measured it. */
        ASSUMED,
        /** Whoever ran the command said so. */
        GIVEN;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
