package belle.faults.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;

/** Where the nodes write conversations down, and what can be done to it. Closing it ends its server. */
public final class JournalStore implements AutoCloseable {
    /** What holds the journal. */
    public enum Kind {
        /** Nothing: conversations are in memory alone. */
        NONE,
        /** A file that the processes of one machine share. */
        H2,
        /** A server of the campaign's own. */
        POSTGRES
    }

    private final Kind kind;
    private final Optional<SmallDisk> disk;
    private final Optional<PostgresServer> server;
    private final String url;

    private JournalStore(Kind kind, Optional<SmallDisk> disk, Optional<PostgresServer> server, String url) {
        this.kind = kind;
        this.disk = disk;
        this.server = server;
        this.url = url;
    }

    /**
     * Prepares it below {@code folder}, on a small disk of its own where that is permitted.
     *
     * @param network from which it must be reached
     * @param told in a line what is not permitted here, if anything
     * @throws IOException when there is no PostgreSQL on this machine or it does not start
     */
    public static JournalStore open(Kind kind, Path folder, Network network, Consumer<String> told)
            throws IOException, InterruptedException {
        if (kind == Kind.NONE) {
            return new JournalStore(kind, Optional.empty(), Optional.empty(), "");
        }
        Path home = Files.createDirectories(folder.resolve("journal"));
        Optional<SmallDisk> disk = disk(home, told);
        if (kind == Kind.H2) {
            return new JournalStore(kind, disk, Optional.empty(), "h2:" + home.resolve("h2"));
        }
        Path programs = PostgresServer.binaries()
                .orElseThrow(() -> new IOException("there is no PostgreSQL below /usr/lib/postgresql"));
        try {
            PostgresServer server = PostgresServer.start(programs, home.resolve("postgres"), network.host());
            return new JournalStore(kind, disk, Optional.of(server), server.url());
        } catch (IOException e) {
            disk.ifPresent(SmallDisk::close);
            throw e;
        }
    }

    private static Optional<SmallDisk> disk(Path home, Consumer<String> told) {
        try {
            return Optional.of(SmallDisk.mount(home));
        } catch (IOException e) {
            told.accept("no disk can be filled here, which takes root and mount; the other faults go on without");
            return Optional.empty();
        }
    }

    /** Returns the settings that every process needs for it, in HOCON. */
    String settings() {
        return kind == Kind.NONE
                ? ""
                : "belle.node.journal { url = \"%s\", user = \"%s\" }\n"
                        .formatted(url, kind == Kind.POSTGRES ? "postgres" : "");
    }

    /** Tells whether conversations outlive all processes. */
    public boolean isDurable() {
        return kind != Kind.NONE;
    }

    /** Tells whether {@link #fill} does anything. */
    public boolean canFill() {
        return disk.isPresent();
    }

    /** Tells whether {@link #interrupt} does anything. */
    public boolean canInterrupt() {
        return server.isPresent();
    }

    /** Leaves no room on its disk. */
    public void fill() throws IOException {
        if (disk.isPresent()) {
            disk.get().fill();
        }
    }

    /** Ends its server as a crash would. */
    public void interrupt() throws IOException, InterruptedException {
        if (server.isPresent()) {
            server.get().interrupt();
        }
    }

    /** Makes room again, and starts its server unless that runs. */
    public void mend() throws IOException, InterruptedException {
        if (disk.isPresent()) {
            disk.get().empty();
        }
        if (server.isPresent()) {
            server.get().resume();
        }
    }

    @Override
    public void close() throws IOException {
        try {
            if (server.isPresent()) {
                server.get().close();
            }
        } finally {
            disk.ifPresent(SmallDisk::close);
        }
    }
}
