package belle.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The command line run as a process of its own.
 *
 * @param status its exit status
 */
record Belle(int status, String out, String err) {
    private static final long LIMIT_SECONDS = 120;

    /** Runs a command to its end. */
    static Belle run(String... arguments) throws IOException, InterruptedException {
        return run(LIMIT_SECONDS, arguments);
    }

    /** The same, for a command that may take so long. */
    static Belle run(long limitSeconds, String... arguments) throws IOException, InterruptedException {
        Path out = Files.createTempFile("belle", ".out");
        Path err = Files.createTempFile("belle", ".err");
        Process process = OwnProcess.builder(List.of(arguments))
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        process.getOutputStream().close();
        if (!process.waitFor(limitSeconds, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException("not done after " + limitSeconds + " s: " + String.join(" ", arguments));
        }
        return new Belle(process.exitValue(), text(out), text(err));
    }

    private static String text(Path file) throws IOException {
        String text = Files.readString(file, StandardCharsets.UTF_8);
        Files.delete(file);
        return text;
    }
}
