package belle.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code belle cluster}: looks at a running cluster through the management endpoint of one of its members. */
@Command(
        name = "cluster",
        description = "Shows a running cluster, or has one of its members leave.",
        subcommands = {ClusterStatusCommand.class, ClusterDrainCommand.class})
final class ClusterCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing: status or drain");
    }
}
