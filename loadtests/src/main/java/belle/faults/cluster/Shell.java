package belle.faults.cluster;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs small commands of the operating system. */
final class Shell {
    private static final long LIMIT_SECONDS = 10;

    private Shell() {}

    /**
     * Runs a command to its end.
     *
     * @throws IOException when it fails; with what it said
     */
    static void run(String... command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        if (!ended(process)) {
            process.destroyForcibly();
            throw new IOException(String.join(" ", command) + " took more than " + LIMIT_SECONDS + " s");
        }
        if (process.exitValue() != 0) {
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            throw new IOException(String.join(" ", command) + ": " + said.strip());
        }
    }

    private static boolean ended(Process process) {
        try {
            return process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** The same, for what may have been done already. */
    static void attempt(String... command) {
        try {
            run(command);
        } catch (IOException e) {
            System.Logger log = System.getLogger(Shell.class.getName());
            log.log(System.Logger.Level.DEBUG, () -> List.of(command) + ": " + e.getMessage());
        }
    }
}
