package belle.faults.cluster;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A PostgreSQL server of its own, until it is closed: from the programs of this machine's packages, without a password. */
public final class PostgresServer implements AutoCloseable {
    private static final Path PACKAGES = Path.of("/usr/lib/postgresql");
    private static final String USER = "postgres";
    private static final long LIMIT_SECONDS = 60;

    private final Path binaries;
    private final Path folder;
    private final String address;
    private final int port;

    private PostgresServer(Path binaries, Path folder, String address, int port) {
        this.binaries = binaries;
        this.folder = folder;
        this.address = address;
        this.port = port;
    }

    /** Returns the folder with the newest server's programs, if one is installed and may be run. */
    public static Optional<Path> binaries() throws IOException {
        if (!Files.isDirectory(PACKAGES)) {
            return Optional.empty();
        }
        try (Stream<Path> versions = Files.list(PACKAGES)) {
            return versions.map(version -> version.resolve("bin"))
                    .filter(bin -> Files.isExecutable(bin.resolve("initdb")))
                    .max(Path::compareTo);
        }
    }

    /**
     * Makes a database cluster in {@code folder} and starts it.
     *
     * @param address of this machine on which it listens; everybody who reaches it may log in as {@code postgres}
     * @throws IOException when a program of PostgreSQL fails; the server's own words are in the folder's {@code log}
     */
    public static PostgresServer start(Path binaries, Path folder, String address)
            throws IOException, InterruptedException {
        int port;
        try (var socket = new ServerSocket(0, 1, InetAddress.getByName(address))) {
            port = socket.getLocalPort();
        }
        var server = new PostgresServer(binaries, Files.createDirectories(folder), address, port);
        if (isRoot()) {
            run(List.of("chown", USER, folder.toString())); // The server refuses to run as root.
            run(List.of("chmod", "o+x", String.valueOf(folder.getParent())));
        }
        server.command("initdb", "-D", server.data(), "-U", USER, "--auth=trust", "--no-sync", "--wal-segsize=1");
        Files.writeString(
                Path.of(server.data(), "pg_hba.conf"), "\nhost all all samenet trust\n", StandardOpenOption.APPEND);
        server.resume();
        return server;
    }

    /** Returns where its database is; the user is {@code postgres}. */
    public String url() {
        return "jdbc:postgresql://" + address + ":" + port + "/postgres";
    }

    /** Stops it as a crash would, as far as its clients can tell. */
    public void interrupt() throws IOException, InterruptedException {
        command("pg_ctl", "-D", data(), "-w", "-m", "immediate", "stop");
    }

    /** Starts it again, unless it runs; returns when it takes connections. */
    public void resume() throws IOException, InterruptedException {
        if (isRunning()) {
            return;
        }
        String options =
                "-c listen_addresses=" + address + " -p " + port + " -c fsync=off -c unix_socket_directories=" + folder;
        command("pg_ctl", "-D", data(), "-w", "-l", folder.resolve("log").toString(), "-o", options, "start");
    }

    @Override
    public void close() throws IOException {
        try {
            interrupt();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean isRunning() throws InterruptedException {
        try {
            command("pg_ctl", "-D", data(), "status");
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private String data() {
        return folder.resolve("data").toString();
    }

    private void command(String program, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        if (isRoot()) {
            command.addAll(List.of("setpriv", "--reuid=" + USER, "--regid=" + USER, "--clear-groups", "--"));
        }
        command.add(binaries.resolve(program).toString());
        command.addAll(List.of(arguments));
        run(command);
    }

    private static void run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new IOException("failed or hung: " + command);
        }
    }

    private static boolean isRoot() {
        return System.getProperty("user.name").equals("root");
    }
}
