package belle.faults.simulation;

import belle.faults.check.Checker;
import belle.faults.check.Violation;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** Runs simulations until a promise is broken. */
public final class Seeds {
    /** What a seed brought to light. */
    record Broken(long seed, List<Violation> violations) {
        /** Returns what a person reads, the way to see it again first. */
        String report() {
            StringBuilder text = new StringBuilder("-Dseed=" + seed + "\n");
            violations.forEach(violation -> text.append(violation.report()).append('\n'));
            return text.toString();
        }
    }

    private Seeds() {}

    /** Returns the first of the seeds in [first, end) in which something that matters is wrong. */
    static Optional<Broken> firstBroken(long first, long end, Predicate<Violation> matters)
            throws InterruptedException {
        Cluster cluster = new Cluster();
        for (long seed = first; seed < end; seed++) {
            List<Violation> violations = Checker.check(Run.of(cluster, seed)).stream()
                    .filter(matters)
                    .toList();
            if (!violations.isEmpty()) {
                return Optional.of(new Broken(seed, violations));
            }
        }
        return Optional.empty();
    }

    /** The same from seed 0 on for one property; returns the report, "" for none. Called by name, by other class loaders. */
    public static String reportOf(String property, long end) throws InterruptedException {
        return firstBroken(0, end, violation -> violation.property().id().equals(property))
                .map(Broken::report)
                .orElse("");
    }
}
