package belle.cli;

import belle.dataset.Filter;
import belle.dataset.Filtering;
import belle.dataset.Form;
import belle.dataset.Rule;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code belle data-filter}: cleans instruction data, and says what went and why. */
@Command(
        name = "data-filter",
        description = {
            "Drops items of instruction data that spoil it. Each one goes to a side file with its reason.",
            "  gpt             speaks to a model, or of itself, as GPT",
            "  incomplete      refers to a text that is not there",
            "  english         is Chinese with an English input or answer, and not about English, translation or code",
            "  length          is empty, too short or too long",
            "  near-duplicate  asks nearly what an earlier item asks"
        })
final class DataFilterCommand implements Callable<Integer> {
    private static final int SHOWN_CHARACTERS = 100;

    @Parameters(index = "0", paramLabel = "IN", description = "The items, in any form of data-convert.")
    private Path in;

    @Option(names = "--out", paramLabel = "FILE", required = true, description = "What stays.")
    private Path out;

    @Option(
            names = "--dropped",
            paramLabel = "FILE",
            description = "What goes; FILE.dropped beside --out if not given.")
    private @Nullable Path dropped;

    @Option(
            names = "--from",
            paramLabel = "FORM",
            description = "The form of all items; each tells its own by its fields if not given.")
    private @Nullable Form from;

    @Option(names = "--only", paramLabel = "RULE", split = ",", description = "These rules alone.")
    private Set<Rule> only = EnumSet.allOf(Rule.class);

    @Option(names = "--skip", paramLabel = "RULE", split = ",", description = "All rules but these.")
    private Set<Rule> skip = EnumSet.noneOf(Rule.class);

    @Option(
            names = "--max-instruction",
            defaultValue = "1000",
            paramLabel = "N",
            description = "Characters of an instruction (${DEFAULT-VALUE}).")
    private int maxInstruction;

    @Option(
            names = "--max-input",
            defaultValue = "2000",
            paramLabel = "N",
            description = "Characters of an input (${DEFAULT-VALUE}).")
    private int maxInput;

    @Option(
            names = "--max-answer",
            defaultValue = "8000",
            paramLabel = "N",
            description = "Characters of an answer (${DEFAULT-VALUE}).")
    private int maxAnswer;

    @Option(
            names = "--similarity",
            defaultValue = "0.8",
            paramLabel = "X",
            description = "Share of pairs of characters from which on two questions are one (${DEFAULT-VALUE}).")
    private double similarity;

    @Option(names = "--force", description = "Replace files that are there.")
    private boolean force;

    @Option(names = "--json", description = "Print the report as one JSON object.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        Path side = dropped == null ? out.resolveSibling(out.getFileName() + ".dropped") : dropped;
        if (!force) {
            Output.refuseToReplace("--out", out);
            Output.refuseToReplace("--dropped", side);
        }
        Set<Rule> rules = EnumSet.copyOf(only);
        rules.removeAll(skip);
        if (rules.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "--only and --skip leave no rule");
        }
        if (!(similarity > 0 && similarity <= 1)) {
            throw new ParameterException(
                    spec.commandLine(), "--similarity must be over 0 and at most 1, not " + similarity);
        }
        var settings = new Filter.Settings(rules, maxInstruction, maxInput, maxAnswer, similarity);
        Filtering.Report report = Filtering.run(in, out, side, Optional.ofNullable(from), settings);
        PrintWriter printer = spec.commandLine().getOut();
        if (json) {
            Output.json(printer, report);
        } else {
            print(printer, report, side);
        }
        return 0;
    }

    private void print(PrintWriter printer, Filtering.Report report, Path side) {
        for (Map.Entry<Rule, Long> entry : report.dropped().entrySet()) {
            printer.printf(Locale.ROOT, "%-15s %,10d%n", entry.getKey(), entry.getValue());
            for (JsonNode example : report.examples().getOrDefault(entry.getKey(), List.of())) {
                String text = example.toString();
                printer.println("    "
                        + (text.length() <= SHOWN_CHARACTERS ? text : text.substring(0, SHOWN_CHARACTERS) + "…"));
            }
        }
        printer.printf(Locale.ROOT, "%s: %,d of %,d items%n", out, report.kept(), report.read());
        printer.printf(Locale.ROOT, "%s: %,d items%n", side, report.read() - report.kept());
    }
}
