package belle.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code belle eval}: how well models answer a set of questions, by class. */
@Command(
        name = "eval",
        description = "Answers an evaluation set with models, has the answers judged, and reports.",
        subcommands = {
            EvalRunCommand.class,
            EvalJudgeCommand.class,
            EvalReportCommand.class,
            EvalPerplexityCommand.class,
            EvalPassCommand.class
        })
final class EvalCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(), "a command is missing: run, judge, report, perplexity or pass");
    }
}
