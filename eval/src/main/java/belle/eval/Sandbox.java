package belle.eval;

import belle.proto.Failure;
import belle.proto.FailureException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Runs Python programs that nobody has read. Isolated, a program has user, process, mount, network and IPC namespaces of its own ({@code unshare} of
 * util-linux): it sees the system's programs and an empty folder in memory, no environment, no network, no other process; {@code prlimit} bounds it, and
 * nothing of it is left when it ends or is killed. Linux alone has this.
 */
public final class Sandbox {
    private static final List<String> TOOLS =
            List.of("unshare", "setpriv", "prlimit", "mount", "umount", "pivot_root", "python3");
    private static final List<Path> FOLDERS =
            List.of(Path.of("/usr/bin"), Path.of("/bin"), Path.of("/usr/sbin"), Path.of("/sbin"));
    /** Who runs it where we are root, whom no limit of processes binds: nobody. */
    private static final String NOBODY = "65534";

    private final Limits limits;
    private final boolean isolated;

    private Sandbox(Limits limits, boolean isolated) {
        this.limits = limits;
        this.isolated = isolated;
    }

    /**
     * A sandbox that isolates.
     *
     * @throws FailureException when this machine cannot; it says what is missing
     */
    public static Sandbox isolated(Limits limits) throws IOException {
        for (String tool : TOOLS) {
            if (FOLDERS.stream().noneMatch(folder -> Files.isExecutable(folder.resolve(tool)))) {
                throw missing(tool + " is not installed in /usr/bin or /usr/sbin");
            }
        }
        var sandbox = new Sandbox(limits, true);
        Run trial = sandbox.run("print('ready')");
        if (!trial.output().equals("ready\n")) {
            throw missing(
                    "namespaces are not allowed here (" + trial.output().strip().replaceAll("\\s*\\R\\s*", "; ") + ")");
        }
        return sandbox;
    }

    /** Runs programs as this user in an empty folder, with limits and an empty environment, but with nothing between them and the machine. */
    public static Sandbox open(Limits limits) {
        return new Sandbox(limits, false);
    }

    private static FailureException missing(String what) {
        return new FailureException(
                new Failure.Unavailable("there is no sandbox for programs on this machine: " + what));
    }

    /**
     * What a program came to.
     *
     * @param end how it ended
     * @param status its exit status where it ended by itself, else -1
     * @param output standard output and error, no more than the limit
     */
    public record Run(End end, int status, String output) {}

    /** How a program ended. */
    public enum End {
        BY_ITSELF,
        TOO_LONG,
        TOO_MUCH_OUTPUT
    }

    /** Runs {@code program} to its end, or kills it. Its folder is gone afterwards. */
    public Run run(String program) throws IOException {
        Path folder = Files.createTempDirectory("belle-sandbox");
        try {
            var builder = new ProcessBuilder(command(folder)).redirectErrorStream(true);
            builder.environment().clear();
            builder.environment().put("PATH", "/usr/bin:/bin:/usr/sbin:/sbin");
            if (!isolated) {
                builder.directory(folder.toFile());
            }
            return awaited(builder.start(), program);
        } finally {
            delete(folder);
        }
    }

    private List<String> command(Path folder) throws IOException {
        String memory = Long.toString(limits.memoryBytes());
        String seconds = Integer.toString(limits.processorSeconds());
        String fileBytes = Long.toString(limits.fileBytes());
        if (!isolated) {
            return List.of(
                    "prlimit",
                    "--as=" + memory,
                    "--cpu=" + seconds,
                    "--fsize=" + fileBytes,
                    "--core=0",
                    "python3",
                    "-I",
                    "-B",
                    "-");
        }
        List<String> command = new ArrayList<>();
        if (Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0)) {
            command.addAll(List.of("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups"));
        }
        command.addAll(List.of(
                "unshare",
                "--user",
                "--map-root-user",
                "--mount",
                "--pid",
                "--fork",
                "--kill-child",
                "--net",
                "--ipc",
                "--uts",
                "sh",
                "-c",
                script(),
                "sandbox",
                folder.toString(),
                memory,
                seconds,
                Integer.toString(limits.processes()),
                fileBytes,
                Long.toString(limits.folderBytes() >> 10)));
        return command;
    }

    private static String script() throws IOException {
        try (InputStream in = Objects.requireNonNull(Sandbox.class.getResourceAsStream("sandbox.sh"))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private Run awaited(Process process, String program) throws IOException {
        CompletableFuture<Boolean> whole = new CompletableFuture<>();
        var output = new ByteArrayOutputStream();
        Thread.ofVirtual().start(() -> whole.complete(read(process.getInputStream(), output)));
        End end;
        try {
            Thread.ofVirtual().start(() -> write(process, program));
            end = whole.get(limits.wall().toMillis(), TimeUnit.MILLISECONDS) ? End.BY_ITSELF : End.TOO_MUCH_OUTPUT;
            if (end == End.BY_ITSELF && !process.waitFor(limits.wall().toMillis(), TimeUnit.MILLISECONDS)) {
                end = End.TOO_LONG;
            }
        } catch (TimeoutException e) {
            end = End.TOO_LONG;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new FailureException(new Failure.Unavailable("the run was stopped"));
        } finally {
            kill(process);
        }
        String text = whole.isDone() ? output.toString(StandardCharsets.UTF_8) : "";
        return new Run(end, end == End.BY_ITSELF ? process.exitValue() : -1, text);
    }

    /** Without isolation its children are killed as far as they are known to be its own. */
    private static void kill(Process process) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        process.onExit().join();
    }

    /** Reads until the end (true) or the limit (false). */
    private boolean read(InputStream from, ByteArrayOutputStream into) {
        byte[] buffer = new byte[4096];
        try {
            for (int count = from.read(buffer); count >= 0; count = from.read(buffer)) {
                int room = limits.outputBytes() - into.size();
                into.write(buffer, 0, Math.min(count, room));
                if (count > room) {
                    return false;
                }
            }
        } catch (IOException closed) {
            return true;
        }
        return true;
    }

    private static void write(Process process, String program) {
        try (OutputStream in = process.getOutputStream()) {
            in.write(program.getBytes(StandardCharsets.UTF_8));
        } catch (IOException ended) {
            // It ended without reading; its output says why.
        }
    }

    private static void delete(Path folder) throws IOException {
        List<Path> all;
        try (var found = Files.walk(folder)) {
            all = new ArrayList<>(found.toList());
        }
        for (Path path : all.reversed()) {
            Files.deleteIfExists(path);
        }
    }
}
