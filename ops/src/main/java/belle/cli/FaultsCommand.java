package belle.cli;

import belle.faults.campaign.Campaign;
import belle.faults.campaign.Plan;
import belle.faults.campaign.Report;
import belle.faults.cluster.JournalStore;
import belle.faults.cluster.Launcher;
import belle.faults.history.History;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code belle faults}: a cluster of processes under load, disturbed in every way, and a check of what its clients saw. */
@Command(
        name = "faults",
        description = "Disturbs a cluster of processes on this machine and checks that no client saw anything of it.")
final class FaultsCommand implements Callable<Integer> {
    private static final int SMOKE_FAULTS = 12;
    private static final int SMOKE_STREAMS = 150;
    private static final Duration SMOKE_LIMIT = Duration.ofSeconds(90);

    @Option(names = "--smoke", description = "A short campaign of about two minutes.")
    private boolean smoke;

    @Option(names = "--seed", description = "Decides requests and faults; drawn and printed if not given.")
    private @Nullable Long seed;

    @Option(names = "--faults", description = "At least so many faults (500).")
    private int faults = 500;

    @Option(names = "--streams", description = "At least so many streams (5000).")
    private int streams = 5000;

    @Option(names = "--clients", description = "Clients at once (5).")
    private int clients = 5;

    @Option(names = "--limit", description = "Ends after so many minutes, whatever was done (120).")
    private int minutes = 120;

    @Option(
            names = "--kind",
            arity = "1..*",
            description =
                    "Only these: kill, crash, term, drain, drain-kill, pause, freeze, hang, blip, cut, deaf, part, slow, jump, "
                            + "and with a journal blackout, away, full.")
    private List<String> kinds = List.of();

    @Option(
            names = "--journal",
            description = "What conversations are written down in: none, h2, or postgres, a server of its own (none).")
    private JournalStore.Kind journal = JournalStore.Kind.NONE;

    @Option(names = "--default-failover", description = "The default profile in place of the fast one.")
    private boolean defaultProfile;

    @Option(names = "--keep", paramLabel = "DIR", description = "Where logs and the history are kept.")
    private @Nullable Path folder;

    @Option(
            names = "--upgrade-from",
            paramLabel = "BELLE",
            description = "The belle of another build, from which each process is started first: a rolling upgrade.")
    private @Nullable Path previous;

    @Option(names = "--check", paramLabel = "FILE", description = "Only checks the history in this file.")
    private @Nullable Path file;

    @Option(names = "--json", description = "Prints the report as one JSON object.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (file != null) {
            return tell(Report.of(0, History.read(file), true));
        }
        PrintWriter err = spec.commandLine().getErr();
        Report report = new Campaign(plan(), FaultsCommand::member, previous(), line -> {
                    err.println("belle: " + line);
                    err.flush();
                })
                .run();
        return tell(report);
    }

    /** Processes that live for seconds: what a second compiler would make of them comes too late and takes the others' time. */
    private static ProcessBuilder member(List<String> arguments) {
        ProcessBuilder builder = OwnProcess.builder(arguments);
        builder.command().add(1, "-XX:TieredStopAtLevel=1");
        return builder;
    }

    private int tell(Report report) throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        out.print(json ? json(report) + "\n" : report.text());
        out.flush();
        return report.good() ? 0 : 1;
    }

    private Optional<Launcher> previous() {
        return Optional.ofNullable(previous).map(belle -> arguments -> {
            List<String> command =
                    new ArrayList<>(List.of(belle.toAbsolutePath().toString()));
            command.addAll(arguments);
            return new ProcessBuilder(command);
        });
    }

    private Plan plan() throws IOException {
        List<String> flags = new ArrayList<>();
        if (!defaultProfile) {
            flags.add("--fast-failover");
        }
        return new Plan(
                EmbeddedModel.tiny(),
                "belle-tiny",
                seed == null ? System.nanoTime() % 1_000_000_000 : seed,
                smoke ? SMOKE_FAULTS : faults,
                smoke ? SMOKE_STREAMS : streams,
                clients,
                kinds,
                flags,
                journal,
                folder == null ? Files.createTempDirectory("belle-faults") : folder,
                smoke ? SMOKE_LIMIT : Duration.ofMinutes(minutes));
    }

    private static String json(Report report) throws IOException {
        return JsonMapper.builder().addModule(new Jdk8Module()).build().writeValueAsString(report);
    }
}
