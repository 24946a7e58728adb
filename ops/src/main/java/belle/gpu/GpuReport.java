package belle.gpu;

import belle.gpu.GpuCheck.Agreement;
import belle.gpu.GpuCheck.PoolTime;
import belle.gpu.GpuCheck.Speed;
import belle.proto.WholeFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The report of a check, in Markdown. */
public final class GpuReport {
    private final List<String> lines = new ArrayList<>();
    private boolean passed = true;

    /** A report that begins with what was checked. */
    public GpuReport(String title, List<String> facts) {
        lines.add("# " + title);
        lines.add("");
        facts.forEach(fact -> lines.add("- " + fact));
    }

    /** Begins a device's part. */
    public void device(String name) {
        lines.addAll(List.of("", "## " + name, ""));
    }

    /** Begins the table of {@link #add(Agreement)}. */
    public void agreements() {
        lines.addAll(List.of(
                "| model | weights | greedy texts equal to the kernels' | mean difference of a log-probability | |",
                "|---|---|---|---|---|"));
    }

    public void add(Agreement row) {
        passed &= row.passed();
        lines.add(String.format(
                Locale.ROOT,
                "| %s | %s | %d of %d | %.2g | %s |",
                row.model(),
                row.weights(),
                row.equalPrompts(),
                row.prompts(),
                row.difference(),
                row.passed() ? "passed" : "FAILED"));
    }

    /** Begins the table of {@link #add(Speed)}. */
    public void speeds() {
        lines.addAll(List.of(
                "",
                "| model | weights | streams | tokens/s | step, median, ms | device memory, MB |",
                "|---|---|---|---|---|---|"));
    }

    public void add(Speed row) {
        lines.add(String.format(
                Locale.ROOT,
                "| %s | %s | %d | %.1f | %.2f | %d |",
                row.model(),
                row.weights(),
                row.streams(),
                row.tokensPerSecond(),
                row.stepMillis(),
                row.deviceBytes() / 1_000_000));
    }

    /** Begins the table of {@link #add(PoolTime)}. */
    public void poolTimes() {
        lines.addAll(
                List.of("", "| model | slots | cache, MB | step of one stream, median, ms |", "|---|---|---|---|"));
    }

    public void add(PoolTime row) {
        lines.add(String.format(
                Locale.ROOT,
                "| %s | %d | %d | %.2f |",
                row.model(),
                row.slots(),
                row.cacheBytes() / 1_000_000,
                row.stepMillis()));
    }

    /** Notes what could not be done. */
    public void failed(String what, String why) {
        passed = false;
        lines.add("| " + what + " | failed: " + why + " |");
    }

    /** Tells whether everything was as it should be. */
    public boolean passed() {
        return passed;
    }

    /** Writes the report: all of it or nothing. */
    public void write(Path target) throws IOException {
        String text = String.join("\n", lines) + "\n";
        WholeFile.write(target, text.getBytes(StandardCharsets.UTF_8));
    }
}
