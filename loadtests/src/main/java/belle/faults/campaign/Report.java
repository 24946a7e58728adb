package belle.faults.campaign;

import belle.faults.check.Checker;
import belle.faults.check.Violation;
import belle.faults.history.Entry;
import belle.faults.history.History;
import belle.faults.history.Piece;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * What came of a campaign.
 *
 * @param whole all processes were members at the end, and all clients done
 * @param requests how many, by kind and outcome
 * @param askedAgain requests that took more than one attempt
 * @param faults by kind and target
 * @param violations of promises; none is what is hoped for
 */
public record Report(
        long seed,
        boolean whole,
        Map<String, Integer> requests,
        int askedAgain,
        int events,
        Map<String, FaultReport> faults,
        List<Violation> violations) {
    /**
     * One kind of fault on gateways or nodes.
     *
     * @param medianMillis until the process was a healthy one again
     * @param refused answers with 429 or 503 in its time
     * @param medianPauseMillis of the longest pauses of the streams around each such fault
     * @param p99PauseMillis all but one in a hundred are shorter
     * @param typicalLongestMillis the longest pause that one such fault makes, at the median
     */
    public record FaultReport(
            int times,
            long medianMillis,
            int refused,
            long medianPauseMillis,
            long p99PauseMillis,
            long typicalLongestMillis,
            long longestPauseMillis) {}

    private static final int SHOWN = 5;

    public Report {
        requests = Collections.unmodifiableMap(new TreeMap<>(requests));
        faults = Collections.unmodifiableMap(new TreeMap<>(faults));
        violations = List.copyOf(violations);
    }

    /** Checks and counts a history. */
    public static Report of(long seed, History history, boolean whole) {
        Map<String, Integer> outcomes = new TreeMap<>();
        int again = 0;
        for (List<Entry.OfRequest> entries : history.byRequest().values()) {
            outcomes.merge(kind(entries) + ": " + outcome(entries), 1, Integer::sum);
            again += entries.stream().filter(Entry.Sent.class::isInstance).count() > 1 ? 1 : 0;
        }
        int events = history.all(Entry.Heard.class).size();
        return new Report(seed, whole, outcomes, again, events, FaultReports.of(history), Checker.check(history));
    }

    /** Tells whether all promises were kept. */
    public boolean good() {
        return whole && violations.isEmpty();
    }

    private static String kind(List<Entry.OfRequest> entries) {
        if (entries.getFirst() instanceof Entry.Wrong) {
            return "wrong";
        }
        return entries.stream()
                .filter(Entry.Sent.class::isInstance)
                .map(sent -> ((Entry.Sent) sent).kind().name().toLowerCase(Locale.ROOT))
                .findFirst()
                .orElse("not sent");
    }

    private static String outcome(List<Entry.OfRequest> entries) {
        return switch (entries.getLast()) {
            case Entry.Heard heard ->
                switch (heard.piece()) {
                    case Piece.End _ -> "complete";
                    case Piece.Broken _ -> "broken off by the server";
                    case Piece.Text _, Piece.Finish _, Piece.Usage _ -> "unfinished";
                };
            case Entry.Answered _ -> "complete";
            case Entry.Refused refused -> "refused " + refused.status();
            case Entry.CutOff _ -> "lost with its gateway";
            case Entry.Left _ -> "left by the client";
            case Entry.Expected _, Entry.Wrong _, Entry.Sent _, Entry.Begun _ -> "unfinished";
        };
    }

    /** Returns what a person reads. */
    public String text() {
        StringBuilder text = new StringBuilder();
        int times = faults.values().stream().mapToInt(FaultReport::times).sum();
        int asked = requests.values().stream().mapToInt(Integer::intValue).sum();
        text.append(String.format(
                Locale.ROOT,
                "%d faults, %d requests (%d asked more than once), %d events, seed %d%n",
                times,
                asked,
                askedAgain,
                events,
                seed));
        requests.forEach((outcome, count) -> text.append(String.format(Locale.ROOT, "  %6d %s%n", count, outcome)));
        text.append(String.format(
                Locale.ROOT,
                "  %-18s %5s %8s %8s   %s%n",
                "fault",
                "times",
                "median",
                "refused",
                "pauses: median, p99, longest of a fault, of all"));
        faults.forEach((kind, report) -> text.append(String.format(
                Locale.ROOT,
                "  %-18s %5d %6.1f s %8d %10.2f s %6.2f s %6.2f s %6.2f s%n",
                kind,
                report.times(),
                report.medianMillis() / 1e3,
                report.refused(),
                report.medianPauseMillis() / 1e3,
                report.p99PauseMillis() / 1e3,
                report.typicalLongestMillis() / 1e3,
                report.longestPauseMillis() / 1e3)));
        if (!whole) {
            text.append("at the end not all processes were members, or not all clients done\n");
        }
        violations.stream().limit(SHOWN).forEach(violation -> text.append(violation.report()));
        text.append(violations.size()).append(" violations\n");
        return text.toString();
    }
}
