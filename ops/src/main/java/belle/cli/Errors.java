package belle.cli;

import belle.proto.FailureException;
import belle.proto.FileReason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Turns whatever went wrong into one line on standard error; the trace only with {@code --debug}. */
final class Errors implements IExecutionExceptionHandler, IParameterExceptionHandler {
    private final Main main;

    Errors(Main main) {
        this.main = main;
    }

    @Override
    public int handleExecutionException(Exception problem, CommandLine command, ParseResult parsed) {
        if (main.debug) {
            problem.printStackTrace(command.getErr());
        }
        command.getErr().println("belle: " + oneLine(message(problem)));
        return ExitCode.SOFTWARE;
    }

    @Override
    public int handleParseException(ParameterException problem, String[] args) {
        CommandLine command = problem.getCommandLine();
        if (main.debug) {
            problem.printStackTrace(command.getErr());
        }
        String name = command.getCommandSpec().qualifiedName();
        command.getErr()
                .println("belle: " + oneLine(Objects.toString(problem.getMessage())) + "; see " + name + " --help");
        return ExitCode.USAGE;
    }

    /** What to say about {@code problem}: expected failures speak for themselves, all else is named as a bug. */
    static String message(Throwable problem) {
        return switch (problem) {
            case FailureException expected -> expected.failure().message();
            case UncheckedIOException e -> message(Objects.requireNonNullElse(e.getCause(), e));
            case CompletionException e when e.getCause() != null -> message(e.getCause());
            case ExecutionException e when e.getCause() != null -> message(e.getCause());
            case IOException e -> FileReason.of(e);
            case OutOfMemoryError e -> "out of memory: " + e.getMessage();
            default -> "internal error: " + problem + "; run again with --debug to see where";
        };
    }

    private static String oneLine(String text) {
        return text.strip().replaceAll("\\s*\\R\\s*", "; ");
    }
}
