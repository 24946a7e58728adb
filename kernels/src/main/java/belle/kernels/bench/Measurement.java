package belle.kernels.bench;

import java.util.Locale;

/**
 * One row of the bench: the median time of a run, and what share of a ceiling it reached.
 *
 * @param ceiling {@code read} (bytes from memory) or {@code fma} (floating-point operations)
 * @param share of that ceiling, 1.0 being all of it
 */
public record Measurement(String name, String isa, int threads, double micros, String ceiling, double share) {
    /** Returns the row as a person reads it. */
    public String line() {
        return String.format(
                Locale.ROOT, "%-44s %d threads %10.0f us %5.0f%% of %s", name, threads, micros, share * 100, ceiling);
    }
}
