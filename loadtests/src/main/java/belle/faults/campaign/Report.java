package belle.faults.campaign;

import belle.faults.check.Checker;
import belle.faults.check.Violation;
import belle.faults.history.Entry;
import belle.faults.history.History;
import belle.faults.history.Piece;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * What came of a campaign.
 *
 * @param whole all processes were members at the end
 * @param requests by outcome
 * @param faults by kind and target
 * @param violations of promises; none is what is hoped for
 */
public record Report(
        long seed,
        boolean whole,
        Map<String, Integer> requests,
        Map<String, FaultReport> faults,
        int events,
        List<Violation> violations) {
    /**
     * One kind of fault on gateways or nodes.
     *
     * @param refused requests that were refused, or not answered at all, while it lasted and before they were accepted
     * @param medianPauseMillis of the longest pause in any stream around each such fault
     */
    public record FaultReport(int times, int refused, long medianPauseMillis, long longestPauseMillis) {}

    /** A stream's silence between two events. */
    private record Pause(long from, long to) {}

    private static final long AFTERMATH_MICROS = 12_000_000;

    public Report {
        requests = Collections.unmodifiableMap(new TreeMap<>(requests));
        faults = Collections.unmodifiableMap(new TreeMap<>(faults));
        violations = List.copyOf(violations);
    }

    /** Checks and counts a history. */
    public static Report of(Plan plan, History history, boolean whole) {
        int events = (int)
                history.entries().stream().filter(Entry.Heard.class::isInstance).count();
        return new Report(plan.seed(), whole, outcomes(history), faults(history), events, Checker.check(history));
    }

    /** Tells whether all promises were kept. */
    public boolean good() {
        return whole && violations.isEmpty();
    }

    private static Map<String, Integer> outcomes(History history) {
        Map<String, Integer> outcomes = new TreeMap<>();
        history.byRequest().values().forEach(entries -> {
            String outcome = switch (entries.getLast()) {
                case Entry.Heard heard -> heard.piece() instanceof Piece.End ? "streamed" : "broken off";
                case Entry.Answered _ -> "answered";
                case Entry.Refused refused ->
                    entries.getFirst() instanceof Entry.Wrong ? "wrong, refused" : "refused " + refused.status();
                case Entry.CutOff _ -> "lost with its gateway";
                case Entry.Left _ -> "left by the client";
                case Entry.Expected _, Entry.Wrong _, Entry.Sent _, Entry.Begun _ -> "unfinished";
            };
            outcomes.merge(outcome, 1, Integer::sum);
            long attempts =
                    entries.stream().filter(Entry.Sent.class::isInstance).count();
            if (attempts > 1) {
                outcomes.merge("asked again at another gateway", 1, Integer::sum);
            }
        });
        return outcomes;
    }

    private static Map<String, FaultReport> faults(History history) {
        List<Pause> pauses = new ArrayList<>();
        history.byRequest().values().forEach(entries -> {
            long last = -1;
            for (Entry.OfRequest entry : entries) {
                if (entry instanceof Entry.Heard) {
                    if (last >= 0 && entry.atMicros() - last > 50_000) {
                        pauses.add(new Pause(last, entry.atMicros()));
                    }
                    last = entry.atMicros();
                }
            }
        });
        Map<String, List<Long>> longest = new TreeMap<>();
        Map<String, Integer> refused = new TreeMap<>();
        List<Entry.Fault> all = history.entries().stream()
                .filter(Entry.Fault.class::isInstance)
                .map(Entry.Fault.class::cast)
                .toList();
        for (Entry.Fault fault : all) {
            if (!fault.begins()) {
                continue;
            }
            String kind = fault.kind() + " " + (fault.target().startsWith("gateway") ? "gateway" : "node");
            long from = fault.atMicros();
            long until = Math.min(from + AFTERMATH_MICROS, next(all, from));
            longest.computeIfAbsent(kind, _ -> new ArrayList<>())
                    .add(pauses.stream()
                            .filter(pause -> pause.to() > from && pause.from() < until)
                            .mapToLong(pause -> (pause.to() - Math.max(from, pause.from())) / 1000)
                            .max()
                            .orElse(0));
            refused.merge(kind, refused(history, from, until), Integer::sum);
        }
        Map<String, FaultReport> reports = new TreeMap<>();
        longest.forEach((kind, millis) -> {
            Collections.sort(millis);
            reports.put(
                    kind,
                    new FaultReport(
                            millis.size(),
                            refused.getOrDefault(kind, 0),
                            millis.get(millis.size() / 2),
                            millis.getLast()));
        });
        return reports;
    }

    /** When the next fault begins: pauses from then on are its own. */
    private static long next(List<Entry.Fault> all, long after) {
        return all.stream()
                .filter(fault -> fault.begins() && fault.atMicros() > after)
                .mapToLong(Entry.Fault::atMicros)
                .min()
                .orElse(Long.MAX_VALUE);
    }

    private static int refused(History history, long from, long until) {
        return (int) history.entries().stream()
                .filter(entry -> entry.atMicros() >= from && entry.atMicros() < until)
                .filter(entry -> entry instanceof Entry.Refused refused && refused.status() >= 429)
                .count();
    }

    /** Returns what a person reads. */
    public String text() {
        StringBuilder text = new StringBuilder();
        int times = faults.values().stream().mapToInt(FaultReport::times).sum();
        int asked = requests.entrySet().stream()
                .filter(entry -> !entry.getKey().startsWith("asked again"))
                .mapToInt(Map.Entry::getValue)
                .sum();
        text.append(
                String.format(Locale.ROOT, "%d faults, %d requests, %d events, seed %d%n", times, asked, events, seed));
        requests.forEach((outcome, count) -> text.append(String.format(Locale.ROOT, "  %6d %s%n", count, outcome)));
        text.append(String.format(
                Locale.ROOT, "  %-16s %6s %8s %22s%n", "fault", "times", "refused", "pause median, longest"));
        faults.forEach((kind, report) -> text.append(String.format(
                Locale.ROOT,
                "  %-16s %6d %8d %11.2f s %7.2f s%n",
                kind,
                report.times(),
                report.refused(),
                report.medianPauseMillis() / 1e3,
                report.longestPauseMillis() / 1e3)));
        if (!whole) {
            text.append("the cluster was not whole at the end\n");
        }
        violations.stream().limit(5).forEach(violation -> text.append(violation.report()));
        text.append(violations.size()).append(" violations\n");
        return text.toString();
    }
}
