package belle.cli;

import belle.eval.AnswerFile;
import belle.eval.EvalItem;
import belle.eval.EvalSet;
import belle.eval.Judge;
import belle.eval.JudgePrompts;
import belle.eval.Judgement;
import belle.proto.bundle.FileHash;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code belle eval judge}: a judge model's scores of answers, into a file that a killed run goes on from. */
@Command(
        name = "judge",
        description = {
            "Has a judge model score answers from 0 to 1. Goes on where an earlier run with the same output stopped;",
            "a reply without a score is asked again, and an answer that gets none is counted as such."
        })
final class EvalJudgeCommand implements Callable<Integer> {
    @Option(names = "--set", required = true, paramLabel = "FILE", description = "The questions that were answered.")
    private Path set;

    @Option(names = "--answers", required = true, paramLabel = "FILE", description = "A file of eval run.")
    private Path answers;

    @Option(names = "--model", required = true, paramLabel = "NAME", description = "The judge's name at the server.")
    private String model;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "The scores.")
    private Path out;

    @Option(
            names = "--prompts",
            paramLabel = "FILE",
            description = "Prompts by class, JSON lines {class, prompt}; the project's own if not given.")
    private @Nullable Path prompts;

    @Option(
            names = "--tries-for-a-score",
            defaultValue = "3",
            paramLabel = "N",
            description = "Replies of the judge to one answer, until one has a score (${DEFAULT-VALUE}).")
    private int triesForAScore;

    @Mixin
    private RequestOptions request;

    @Mixin
    private ServerOptions server;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        server.check(spec.commandLine());
        request.check(spec.commandLine());
        ServerOptions.atLeast(spec.commandLine(), "--tries-for-a-score", triesForAScore, 1);
        List<EvalItem> items = EvalSet.read(set);
        AnswerFile answered = AnswerFile.read(answers, FileHash.plain(set));
        JudgePrompts known = prompts == null ? JudgePrompts.own() : JudgePrompts.read(prompts);
        int wanted = answered.answered(items).size();
        try (var client = server.client()) {
            return tell(
                    new Judge(known, client, request.questions(model), triesForAScore)
                            .run(
                                    items,
                                    answered,
                                    out,
                                    request.line(model),
                                    server.concurrency(),
                                    new EvalProgress(
                                            model, wanted, spec.commandLine().getErr()))
                            .values(),
                    items.size() - wanted);
        }
    }

    private int tell(Collection<Judgement> judgements, int unanswered) {
        List<String> failures = judgements.stream()
                .map(Judgement::failure)
                .filter(failure -> !failure.isEmpty())
                .toList();
        long scored = judgements.stream()
                .filter(judgement -> judgement.score() != null)
                .count();
        long without = judgements.size() - failures.size() - scored;
        spec.commandLine()
                .getOut()
                .println(out + ": " + scored + " scored, " + without + " without a score, " + unanswered + " unanswered"
                        + EvalProgress.whatFailed(failures));
        return failures.isEmpty() ? 0 : 1;
    }
}
