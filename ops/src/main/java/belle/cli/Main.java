package belle.cli;

import belle.dataset.Form;
import belle.dataset.Rule;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The {@code belle} command. Exit status: 0; 1 with one line on standard error; 2 for wrong usage. */
@Command(
        name = "belle",
        description = "Serves BLOOM and LLaMA chat models from one self-contained cluster.",
        mixinStandardHelpOptions = true,
        scope = ScopeType.INHERIT,
        versionProvider = Version.class,
        synopsisSubcommandLabel = "COMMAND",
        footer = "%nExit status: 0; 1 when the command failed, with one line that says why; 2 for wrong usage.",
        subcommands = {
            UpCommand.class,
            GatewayCommand.class,
            NodeCommand.class,
            ClusterCommand.class,
            ModelCommand.class,
            FaultsCommand.class,
            GenerateCommand.class,
            PerplexityCommand.class,
            ExportCommand.class,
            DecryptCommand.class,
            InspectCommand.class,
            VerifyCommand.class,
            TokenizeCommand.class,
            DetokenizeCommand.class,
            ChatCommand.class,
            DataGenCommand.class,
            DataConvertCommand.class,
            DataFilterCommand.class,
            EvalCommand.class,
            BenchCommand.class,
            GpuCheckCommand.class,
            ScalingCommand.class,
            HelpCommand.class
        })
public final class Main implements Runnable {
    @Spec
    private CommandSpec spec;

    @Option(names = "--debug", scope = ScopeType.INHERIT, description = "Print the stack trace of a failure.")
    boolean debug;

    private Main() {}

    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        var main = new Main();
        var errors = new Errors(main);
        return new CommandLine(main)
                .setExecutionExceptionHandler(errors)
                .setParameterExceptionHandler(errors)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .registerConverter(Form.class, new NamedValue<>(Form.values()))
                .registerConverter(Rule.class, new NamedValue<>(Rule.values()))
                .setExpandAtFiles(false);
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }
}
