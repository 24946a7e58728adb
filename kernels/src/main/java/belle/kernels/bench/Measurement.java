package belle.kernels.bench;

import java.util.Locale;

/**
 * One row of the bench: the median time of a run, and what share of a ceiling it reached.
 *
 * @param ceiling {@code read} (bytes from memory) or {@code fma} (floating-point operations)
 * @param share of that ceiling, 1.0 being all of it
 */
record Measurement(String name, String isa, int threads, double micros, String ceiling, double share) {
    String json() {
        return String.format(
                Locale.ROOT,
                "{\"bench\":\"kernels\",\"name\":\"%s\",\"isa\":\"%s\",\"threads\":%d,\"micros\":%.1f,\"of\":\"%s\",\"ratio\":%.3f}",
                name,
                isa,
                threads,
                micros,
                ceiling,
                share);
    }

    String line() {
        return String.format(
                Locale.ROOT, "%-44s %d threads %10.0f us %5.0f%% of %s", name, threads, micros, share * 100, ceiling);
    }
}
