package belle.cli;

import belle.eval.AnswerScore;
import belle.eval.Answers;
import belle.eval.EvalItem;
import belle.eval.EvalSet;
import belle.eval.PerplexityTable;
import belle.eval.ReferenceScores;
import belle.proto.bundle.FileHash;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code belle eval perplexity}: how well a served model predicts a set's reference answers, by class. */
@Command(
        name = "perplexity",
        description = {
            "Says how well a served model predicts the reference answers of a set behind BELLE's prompt. Goes on where an",
            "earlier run with the same output stopped. The server must echo prompts with log-probabilities."
        })
final class EvalPerplexityCommand implements Callable<Integer> {
    @Option(
            names = "--set",
            required = true,
            paramLabel = "FILE",
            description = "Questions: {question, std_answer, class}, a JSON array or JSON lines.")
    private Path set;

    @Option(names = "--model", required = true, paramLabel = "NAME", description = "The model's name at the server.")
    private String model;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "The scores of the single items.")
    private Path out;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Mixin
    private ServerOptions server;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        server.check(spec.commandLine());
        List<EvalItem> items = EvalSet.read(set);
        var settings = new Answers.Settings(FileHash.plain(set), "perplexity " + model);
        PrintWriter err = spec.commandLine().getErr();
        Map<Long, AnswerScore> scores;
        try (var client = server.client()) {
            var progress = new EvalProgress(model, items.size(), err);
            scores = ReferenceScores.run(items, out, settings, client, model, server.concurrency(), progress);
        }
        print(PerplexityTable.of(items, scores));
        List<AnswerScore> failed = scores.values().stream()
                .filter(score -> !score.failure().isEmpty())
                .toList();
        if (!failed.isEmpty()) {
            err.println("belle: " + failed.size() + " references without a score, the first one of item "
                    + failed.getFirst().item() + ": " + failed.getFirst().failure()
                    + "; the same command asks for them again");
        }
        return failed.isEmpty() ? 0 : 1;
    }

    private void print(List<PerplexityTable.Row> rows) {
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            Output.json(out, Map.of("rows", rows));
            return;
        }
        out.printf(
                "%-16s %10s %10s %10s %12s %14s%n",
                "class", "references", "tokens", "characters", "a token", "a character");
        rows.forEach(row -> out.printf(
                Locale.ROOT,
                "%-16s %10d %10d %10d %12.4f %14.4f%s%s%n",
                row.taskClass(),
                row.references(),
                row.tokens(),
                row.characters(),
                row.perToken(),
                row.perCharacter(),
                row.withoutReference() == 0 ? "" : "  " + row.withoutReference() + " without reference",
                row.failed() == 0 ? "" : "  " + row.failed() + " failed"));
    }
}
