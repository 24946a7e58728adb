package belle.cli;

import belle.dataset.Form;
import belle.dataset.Rule;
import java.util.List;
import java.util.Optional;
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
        footer = "%nExit status: 0; 1 when the command failed, with one line that says why; 2 for wrong usage.")
public final class Main implements Runnable {
    private static final List<Class<?>> COMMANDS = List.of(
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
            HelpCommand.class);

    @Spec
    private CommandSpec spec;

    @Option(names = "--debug", scope = ScopeType.INHERIT, description = "Print the stack trace of a failure.")
    boolean debug;

    private Main() {}

    public static void main(String[] args) {
        System.exit(commandLine(args).execute(args));
    }

    /** What reads these arguments: it knows the one command that they name, which is quicker to set up, or all if they name none. */
    static CommandLine commandLine(String... args) {
        var main = new Main();
        var errors = new Errors(main);
        var line = new CommandLine(main);
        named(args).map(List::<Class<?>>of).orElse(COMMANDS).forEach(line::addSubcommand);
        return line.setExecutionExceptionHandler(errors)
                .setParameterExceptionHandler(errors)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .registerConverter(Form.class, new NamedValue<>(Form.values()))
                .registerConverter(Rule.class, new NamedValue<>(Rule.values()))
                .setExpandAtFiles(false);
    }

    private static Optional<Class<?>> named(String[] args) {
        return COMMANDS.stream()
                .filter(command -> command != HelpCommand.class
                        && args.length > 0
                        && command.getAnnotation(Command.class).name().equals(args[0]))
                .findFirst();
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }
}
