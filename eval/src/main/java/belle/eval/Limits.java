package belle.eval;

import java.time.Duration;

/**
 * What a program may use.
 *
 * @param wall until all its processes are killed
 * @param processorSeconds of each process
 * @param memoryBytes address space of each process
 * @param processes at once, threads counted
 * @param fileBytes of one file
 * @param folderBytes of all files together
 * @param outputBytes of both outputs together
 */
public record Limits(
        Duration wall,
        int processorSeconds,
        long memoryBytes,
        int processes,
        long fileBytes,
        long folderBytes,
        int outputBytes) {
    /** For the tests of a function: 10 seconds, 512 MiB, 16 processes, 8 MiB a file, 32 MiB of files, 64 KiB of output. */
    public static final Limits USUAL =
            new Limits(Duration.ofSeconds(10), 10, 512L << 20, 16, 8L << 20, 32L << 20, 64 << 10);
}
