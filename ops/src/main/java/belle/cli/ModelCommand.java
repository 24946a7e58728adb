package belle.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code belle model}: changes what a running cluster serves, through the management endpoint of one of its members. */
@Command(
        name = "model",
        description = "Has the nodes of a running cluster load, swap or unload a model; streams go on meanwhile.",
        subcommands = {ModelLoadCommand.class, ModelSwapCommand.class, ModelUnloadCommand.class})
final class ModelCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing: load, swap or unload");
    }
}
