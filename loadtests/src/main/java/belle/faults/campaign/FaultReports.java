package belle.faults.campaign;

import belle.faults.campaign.Report.FaultReport;
import belle.faults.history.Entry;
import belle.faults.history.History;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** Counts what each kind of fault did to clients. */
final class FaultReports {
    /** Streams may feel a fault for so long, unless another one begins. */
    private static final long AFTERMATH_MICROS = 12_000_000;

    private final Map<String, List<Long>> pauses = new TreeMap<>();
    /** The longest pause of each fault. */
    private final Map<String, List<Long>> longest = new HashMap<>();

    private final Map<String, List<Long>> lasted = new HashMap<>();
    private final Map<String, Integer> refused = new HashMap<>();

    private FaultReports(History history) {
        var all = new Pauses(history);
        List<Entry.Fault> faults = history.all(Entry.Fault.class);
        List<Long> refusals = history.all(Entry.Refused.class).stream()
                .filter(refusal -> refusal.status() >= 429)
                .map(Entry.Refused::atMicros)
                .toList();
        NavigableSet<Long> begins = new TreeSet<>();
        faults.stream().filter(Entry.Fault::begins).forEach(fault -> begins.add(fault.atMicros()));
        Map<String, Long> running = new HashMap<>();
        for (Entry.Fault fault : faults) {
            String what = fault.kind() + " " + fault.target();
            if (fault.begins()) {
                running.put(what, fault.atMicros());
                continue;
            }
            long from = running.getOrDefault(what, fault.atMicros());
            NavigableSet<Long> later = begins.tailSet(from, false);
            long next = later.isEmpty() ? Long.MAX_VALUE : later.first();
            long until = Math.min(from + AFTERMATH_MICROS, next);
            String kind = fault.kind() + " " + fault.target().replaceFirst("^(gateway|node)\\d.*", "$1");
            lasted.computeIfAbsent(kind, _ -> new ArrayList<>()).add((fault.atMicros() - from) / 1000);
            List<Long> ofStreams = all.longestMillis(from, until);
            pauses.computeIfAbsent(kind, _ -> new ArrayList<>()).addAll(ofStreams);
            longest.computeIfAbsent(kind, _ -> new ArrayList<>())
                    .add(ofStreams.stream().max(Long::compare).orElse(0L));
            refused.merge(
                    kind,
                    (int) refusals.stream()
                            .filter(at -> at >= from && at < until)
                            .count(),
                    Integer::sum);
        }
    }

    /** Returns one report for each kind of fault, by kind and {@code gateway} or {@code node}. */
    static Map<String, FaultReport> of(History history) {
        var counted = new FaultReports(history);
        Map<String, FaultReport> reports = new TreeMap<>();
        counted.pauses.forEach((kind, pauses) -> {
            List<Long> lasted = counted.lasted.getOrDefault(kind, List.of());
            List<Long> sorted = pauses.stream().sorted().toList();
            List<Long> worst = counted.longest.getOrDefault(kind, List.of()).stream()
                    .sorted()
                    .toList();
            reports.put(
                    kind,
                    new FaultReport(
                            lasted.size(),
                            quantile(lasted.stream().sorted().toList(), 0.5),
                            counted.refused.getOrDefault(kind, 0),
                            quantile(sorted, 0.5),
                            quantile(sorted, 0.99),
                            quantile(worst, 0.5),
                            quantile(sorted, 1)));
        });
        return reports;
    }

    private static long quantile(List<Long> sorted, double share) {
        return sorted.isEmpty() ? 0 : sorted.get((int) Math.min(sorted.size() - 1, Math.floor(share * sorted.size())));
    }
}
