package belle.cli;

import belle.scaling.Fact;
import belle.scaling.Limit;
import belle.scaling.Machine;
import belle.scaling.MeasuredRun;
import belle.scaling.ModelShape;
import belle.scaling.Outcome;
import belle.scaling.Replica;
import belle.scaling.Shortage;
import belle.scaling.Traffic;
import belle.scaling.Traffic.Arrivals;
import belle.scaling.Traffic.Burst;
import belle.scaling.Traffic.Streams;
import com.google.errorprone.annotations.FormatMethod;
import java.io.PrintWriter;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What {@code belle scaling} says, for people as tables that Markdown knows, and always what is known of the machine. */
final class ScalingReport {
    private final PrintWriter out;
    private final Machine machine;

    ScalingReport(PrintWriter out, Machine machine) {
        this.out = out;
        this.machine = machine;
    }

    /** One simulated cluster. */
    record Row(ModelShape shape, int ranks, int nodes, Replica replica, Outcome outcome) {
        Map<String, Object> facts() {
            Map<String, Object> facts = new LinkedHashMap<>();
            facts.put("model", shape.name());
            facts.put("weights", shape.weights().label());
            facts.put("kv_cache", shape.cache().label());
            facts.put("ranks", ranks);
            facts.put("nodes", nodes);
            facts.put("rank_weight_bytes", replica.model().weightBytes());
            facts.put("rank_cache_bytes", replica.rankCacheBytes());
            facts.put("cache_tokens", (long) replica.blocks() * replica.blockTokens());
            facts.putAll(ScalingReport.facts(outcome));
            return facts;
        }
    }

    /** One measured run and what the simulation says of it. */
    record Check(MeasuredRun measured, Outcome simulated) {}

    /** Says what was simulated, and begins the table. */
    void begin(Traffic traffic) {
        out.println(said(traffic));
        out.println();
        out.println("| model | ranks | nodes | tokens/s | first token, median, 99%, s | between tokens, median, 99%, ms"
                + " | in a step | a rank's weights, cache, GB | limit | of the steps' time |");
        out.println("|---|---|---|---|---|---|---|---|---|---|");
    }

    /** All of it as one object. */
    void json(List<Row> rows, Traffic traffic) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("traffic", traffic);
        all.put("rows", rows.stream().map(Row::facts).toList());
        all.put("machine", machine.name());
        all.put("facts", machine.facts());
        Output.json(out, all);
    }

    private static String said(Traffic traffic) {
        String load = switch (traffic.load()) {
            case Streams streams -> streams.perNode() + " streams at once for each node";
            case Arrivals arrivals -> arrivals.perNodeSecond() + " requests a second for each node";
            case Burst burst -> burst.requests() + " requests at once";
        };
        return load + "; prompts of " + traffic.promptTokens() + " and answers of " + traffic.answerTokens()
                + " tokens at the mean; seed " + traffic.seed();
    }

    /** Adds a row to the table. */
    void row(Row row) {
        Outcome o = row.outcome();
        line(
                "| %s %s | %d | %d | %s | %s, %s | %s, %s | %.1f | %.2f, %.2f | %s%s%s | %s |",
                row.shape().name(),
                row.shape().weights(),
                row.ranks(),
                row.nodes(),
                digits(o.tokensPerSecond()),
                digits(o.firstTokenMedian()),
                digits(o.firstToken99()),
                digits(1000 * o.gapMedian()),
                digits(1000 * o.gap99()),
                o.meanSequences(),
                row.replica().model().weightBytes() / 1e9,
                row.replica().rankCacheBytes() / 1e9,
                o.time().limit(),
                o.shortage().map(wait -> ", " + wait).orElse(""),
                o.refused() == 0 ? "" : ", " + o.refused() + " refused",
                shares(o));
        out.flush();
    }

    private static String shares(Outcome outcome) {
        StringBuilder text = new StringBuilder();
        shareOf(outcome)
                .forEach((limit, share) -> text.append(text.isEmpty() ? "" : ", ")
                        .append(limit)
                        .append(String.format(Locale.ROOT, " %.0f%%", 100 * share)));
        return text.toString();
    }

    private static Map<Limit, Double> shareOf(Outcome outcome) {
        Map<Limit, Double> shares = new EnumMap<>(Limit.class);
        for (Limit limit : List.of(Limit.BANDWIDTH, Limit.OPERATIONS, Limit.COLLECTIVE, Limit.OVERHEAD)) {
            shares.put(limit, outcome.time().share(limit));
        }
        return shares;
    }

    void checks(List<Check> checks, boolean json) {
        if (json) {
            List<Map<String, Object>> all = checks.stream()
                    .<Map<String, Object>>map(
                            check -> Map.of("measured", check.measured(), "simulated", facts(check.simulated())))
                    .toList();
            Output.json(out, Map.of("runs", all, "machine", machine.name(), "facts", machine.facts()));
            return;
        }
        out.println("Measured, simulated; where nothing is said, the simulation was not fitted to it.");
        out.println();
        out.println("| model | streams | prompt | tokens/s | first token, median, s | between tokens, median, ms | |");
        out.println("|---|---|---|---|---|---|---|");
        checks.forEach(check -> {
            MeasuredRun run = check.measured();
            Outcome outcome = check.simulated();
            line(
                    "| %s %s | %d | %d | %s | %s | %s | %s |",
                    run.shape().name(),
                    run.shape().weights(),
                    run.streams(),
                    run.promptTokens(),
                    beside(run.tokensPerSecond(), outcome.tokensPerSecond()),
                    beside(run.firstTokenMedian(), outcome.firstTokenMedian()),
                    beside(1000 * run.gapMedian(), 1000 * outcome.gapMedian()),
                    run.fitted() ? "fitted" : "");
        });
        machine();
    }

    private static String beside(double measured, double simulated) {
        return measured == 0
                ? ""
                : digits(measured) + ", " + digits(simulated)
                        + String.format(Locale.ROOT, " (%+.0f%%)", 100 * (simulated / measured - 1));
    }

    /** Says what is known of the machine. */
    void machine() {
        out.println();
        out.println("Machine: " + machine.name());
        out.println();
        out.println("| fact | value | | |");
        out.println("|---|---|---|---|");
        for (Map.Entry<String, Fact> entry : machine.facts().entrySet()) {
            Fact fact = entry.getValue();
            line("| %s | %s | %s | %s |", entry.getKey(), digits(fact.value()), fact.origin(), fact.note());
        }
    }

    private static Map<String, Object> facts(Outcome outcome) {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("tokens_per_second", outcome.tokensPerSecond());
        facts.put("first_token_seconds_p50", finite(outcome.firstTokenMedian()));
        facts.put("first_token_seconds_p99", finite(outcome.firstToken99()));
        facts.put("gap_seconds_p50", finite(outcome.gapMedian()));
        facts.put("gap_seconds_p99", finite(outcome.gap99()));
        facts.put("requests", outcome.requests());
        facts.put("refused", outcome.refused());
        facts.put("sequences_per_step", outcome.meanSequences());
        facts.put("limit", outcome.time().limit().toString());
        facts.put("shortage", outcome.shortage().map(Shortage::toString));
        shareOf(outcome).forEach((limit, share) -> facts.put("share_" + limit, share));
        return facts;
    }

    /** JSON has no NaN: what did not happen is absent. */
    private static Optional<Double> finite(double value) {
        return Double.isNaN(value) ? Optional.empty() : Optional.of(value);
    }

    /** Three digits that count, or all before the point. */
    private static String digits(double value) {
        if (Double.isNaN(value)) {
            return "-";
        }
        double size = Math.abs(value);
        return String.format(Locale.ROOT, size >= 100 ? "%,.0f" : size >= 10 ? "%.1f" : "%.2f", value);
    }

    @FormatMethod
    private void line(String format, Object... values) {
        out.println(String.format(Locale.ROOT, format, values));
    }
}
