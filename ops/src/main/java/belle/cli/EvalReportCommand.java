package belle.cli;

import belle.eval.Comparison;
import belle.eval.EvalItem;
import belle.eval.JudgeTable;
import belle.eval.Measure;
import belle.eval.ModelResult;
import belle.eval.ReportPage;
import belle.eval.ScoreTable;
import belle.eval.SizeChart;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code belle eval report}: answers of one or more models against the references and by a judge's scores, by class. */
@Command(
        name = "report",
        description = {
            "Scores answers by class: a judge's scores, and against the set's references exact match, ROUGE-L over characters",
            "and BLEU; in percent, with 95%% intervals. Of two files or more each one is compared with the first."
        })
final class EvalReportCommand implements Callable<Integer> {
    @Mixin
    private AnswerOptions answers;

    @Option(
            names = "--scores",
            paramLabel = "FILE",
            description = "A file of eval judge; once for each file of answers, in the same order.")
    private List<Path> scores = List.of();

    @Option(
            names = "--sizes",
            split = ",",
            paramLabel = "N",
            description = "How many examples each model was trained on, in the order of the files.")
    private List<Long> sizes = List.of();

    @Option(
            names = "--chart",
            paramLabel = "FILE",
            description = "Draw scores by class against --sizes, into an .svg or a .png.")
    private @Nullable Path chart;

    @Option(names = "--page", paramLabel = "FILE", description = "Write an HTML page to read the answers side by side.")
    private @Nullable Path page;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        check();
        List<EvalItem> items = answers.items();
        String hash = answers.hash();
        List<ModelResult> results = new ArrayList<>();
        for (int i = 0; i < answers.files().size(); i++) {
            results.add(ModelResult.read(
                    answers.files().get(i), scores.isEmpty() ? Optional.empty() : Optional.of(scores.get(i)), hash));
        }
        Measure measure = ModelResult.measure(results);
        if (chart != null) {
            SizeChart.of(items, results, sizes, measure).write(chart);
        }
        if (page != null) {
            ReportPage.write(page, answers.set().getFileName().toString(), items, results);
        }
        tell(items, results, Comparison.of(items, results, measure, answers.seed()));
        return 0;
    }

    private void check() {
        perFile("--scores", scores);
        perFile("--sizes", sizes);
        if (new HashSet<>(answers.files()).size() < answers.files().size()) {
            throw wrong("a file of answers is named twice");
        }
        if (new HashSet<>(sizes).size() < sizes.size()) {
            throw wrong("--sizes must differ, not " + sizes);
        }
        sizes.forEach(size -> ServerOptions.atLeast(spec.commandLine(), "--sizes", size, 1));
        if (chart != null) {
            String name = chart.toString();
            if (!name.endsWith(".svg") && !name.endsWith(".png")) {
                throw wrong("--chart must end in .svg or .png, not " + name);
            }
            if (sizes.isEmpty()) {
                throw wrong("--chart needs --sizes");
            }
        }
    }

    private void perFile(String flag, List<?> values) {
        if (!values.isEmpty() && values.size() != answers.files().size()) {
            throw wrong(flag + " must be given for each file of answers: there are "
                    + answers.files().size() + " files and " + values.size() + " of it");
        }
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private void tell(List<EvalItem> items, List<ModelResult> results, List<Comparison> comparisons) {
        Map<String, List<ScoreTable.Row>> tables = new LinkedHashMap<>();
        Map<String, List<JudgeTable.Row>> judged = new LinkedHashMap<>();
        for (ModelResult result : results) {
            tables.put(result.name(), ScoreTable.of(items, result.answers().replies(), answers.seed()));
            if (result.judgements().isPresent()) {
                judged.put(result.name(), JudgeTable.of(items, result, answers.seed()));
            }
        }
        PrintWriter out = spec.commandLine().getOut();
        if (answers.json()) {
            Map<String, Object> all = new LinkedHashMap<>();
            all.put("tables", tables);
            all.put("judge", judged);
            all.put("comparisons", comparisons);
            all.put("sizes", sizes);
            Output.json(out, all);
            return;
        }
        tables.forEach((file, rows) -> {
            out.println(file);
            Optional.ofNullable(judged.get(file)).ifPresent(table -> printJudged(out, table));
            print(out, rows);
        });
        comparisons.forEach(comparison -> print(out, comparison));
    }

    private static void print(PrintWriter out, List<ScoreTable.Row> rows) {
        out.printf("  %-16s %9s  %-22s %-22s %-22s%n", "class", "reference", "exact match", "ROUGE-L", "BLEU");
        rows.forEach(row -> out.printf(
                Locale.ROOT,
                "  %-16s %9d  %-22s %-22s %-22s%s%n",
                row.taskClass(),
                row.questions(),
                text(row.exactMatch()),
                text(row.rougeL()),
                text(row.bleu()),
                count(row.unanswered(), "unanswered")));
    }

    private static void printJudged(PrintWriter out, List<JudgeTable.Row> rows) {
        out.printf("  %-16s %9s  %-22s%n", "class", "questions", "judge");
        rows.forEach(row -> out.printf(
                Locale.ROOT,
                "  %-16s %9d  %-22s%s%s%s%n",
                row.taskClass(),
                row.questions(),
                Optional.ofNullable(row.judge()).map(EvalReportCommand::text).orElse("none"),
                count(row.withoutScore(), "without a score"),
                count(row.unanswered(), "unanswered"),
                count(row.unjudged(), "not judged")));
    }

    private static void print(PrintWriter out, Comparison comparison) {
        out.printf(
                Locale.ROOT,
                "%s against %s: %+.2f points of %s on %d questions, p = %.4f (Holm)%n",
                comparison.model(),
                comparison.against(),
                comparison.points(),
                comparison.measure().title(),
                comparison.questions(),
                comparison.adjusted());
    }

    private static String count(int number, String what) {
        return number == 0 ? "" : number + " " + what + "  ";
    }

    private static String text(ScoreTable.Score score) {
        return String.format(Locale.ROOT, "%.1f (%.1f to %.1f)", score.mean(), score.low(), score.high());
    }
}
