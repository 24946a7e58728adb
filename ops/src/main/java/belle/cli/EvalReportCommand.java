package belle.cli;

import belle.eval.Answers;
import belle.eval.EvalItem;
import belle.eval.EvalSet;
import belle.eval.Reply;
import belle.eval.ScoreTable;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code belle eval report}: answers of one or more models against the references, by class. */
@Command(
        name = "report",
        description = {
            "Scores answers against the set's references: exact match, ROUGE-L over characters and BLEU, in percent, with",
            "95%% intervals. Of two files or more each one is compared with the first."
        })
final class EvalReportCommand implements Callable<Integer> {
    @Option(names = "--set", required = true, paramLabel = "FILE", description = "The questions that were answered.")
    private Path set;

    @Parameters(arity = "1..*", paramLabel = "ANSWERS", description = "Files of eval run.")
    private List<Path> answers;

    @Option(
            names = "--seed",
            defaultValue = "1",
            paramLabel = "N",
            description = "Of the intervals (${DEFAULT-VALUE}).")
    private long seed;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        List<EvalItem> items = EvalSet.read(set);
        Map<String, List<ScoreTable.Row>> tables = new LinkedHashMap<>();
        Map<String, ScoreTable.Difference> differences = new LinkedHashMap<>();
        Map<Long, Reply> first = Answers.read(answers.getFirst());
        for (Path file : answers) {
            Map<Long, Reply> replies = Answers.read(file);
            tables.put(file.toString(), ScoreTable.of(items, replies, seed));
            if (!file.equals(answers.getFirst())) {
                differences.put(file.toString(), ScoreTable.compare(items, replies, first, seed));
            }
        }
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            Output.json(out, Map.of("tables", tables, "differences", differences));
            return 0;
        }
        tables.forEach((file, rows) -> {
            out.println(file);
            out.printf("  %-16s %9s  %-22s %-22s %-22s%n", "class", "questions", "exact match", "ROUGE-L", "BLEU");
            rows.forEach(row -> out.printf(
                    Locale.ROOT,
                    "  %-16s %9d  %-22s %-22s %-22s%s%n",
                    row.taskClass(),
                    row.questions(),
                    text(row.exactMatch()),
                    text(row.rougeL()),
                    text(row.bleu()),
                    row.unanswered() == 0 ? "" : row.unanswered() + " unanswered"));
        });
        differences.forEach((file, difference) -> out.printf(
                Locale.ROOT,
                "%s against %s: %+.2f points of ROUGE-L, p = %.4f%n",
                file,
                answers.getFirst(),
                difference.points(),
                difference.pValue()));
        return 0;
    }

    private static String text(ScoreTable.Score score) {
        return String.format(Locale.ROOT, "%.1f (%.1f to %.1f)", score.mean(), score.low(), score.high());
    }
}
