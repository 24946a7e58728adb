package belle.cli;

import belle.eval.AnswerFile;
import belle.eval.CodeTests;
import belle.eval.EvalItem;
import belle.eval.Limits;
import belle.eval.PassRate;
import belle.eval.Sandbox;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code belle eval pass}: answers with the right number, and code that passes its tests. */
@Command(
        name = "pass",
        description = {
            "Says how many answers of class math end in the reference's number, and how many of class code pass the tests of",
            "their question, in a sandbox without network and with limits of time, memory, processes, files and output."
        })
final class EvalPassCommand implements Callable<Integer> {
    @Mixin
    private AnswerOptions answers;

    @Option(
            names = "--unsandboxed",
            description =
                    "Run the models' code with nothing between it and this machine but limits of time, memory and output.")
    private boolean unsandboxed;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        List<EvalItem> items = answers.items();
        String hash = answers.hash();
        Map<Long, String> tests = CodeTests.read(answers.set());
        Optional<Sandbox> sandbox = tests.isEmpty()
                ? Optional.empty()
                : Optional.of(unsandboxed ? Sandbox.open(Limits.USUAL) : Sandbox.isolated(Limits.USUAL));
        Map<String, List<PassRate.Row>> tables = new LinkedHashMap<>();
        for (Path file : answers.files()) {
            var rate = new PassRate(items, AnswerFile.read(file, hash).replies(), answers.seed());
            tables.put(file.toString(), List.of(rate.math(), rate.code(tests, sandbox::orElseThrow)));
        }
        PrintWriter out = spec.commandLine().getOut();
        if (answers.json()) {
            Output.json(out, Map.of("tables", tables));
            return 0;
        }
        tables.forEach((file, rows) -> {
            out.println(file);
            rows.forEach(row -> out.println("  " + text(row)));
        });
        return 0;
    }

    private static String text(PassRate.Row row) {
        String rate = row.rate()
                .map(score -> String.format(
                        Locale.ROOT,
                        "%d of %d passed: %.1f%% (%.1f to %.1f)",
                        row.passed(),
                        row.checked(),
                        score.mean(),
                        score.low(),
                        score.high()))
                .orElse("nothing to check");
        String why =
                row.taskClass().equals("math") ? " without a number in the reference" : " without tests, not runnable";
        return row.taskClass() + "  " + rate + (row.unanswered() == 0 ? "" : ", " + row.unanswered() + " unanswered")
                + (row.uncheckable() == 0 ? "" : ", " + row.uncheckable() + why);
    }
}
