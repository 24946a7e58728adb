package belle.faults.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The time of day of one process, which can be changed where libfaketime is installed. Its other clocks run on. */
record Clock(Path library, Path file) {
    private static final Path LIB = Path.of("/usr/lib");
    private static final List<String> PLACES =
            List.of("x86_64-linux-gnu/faketime", "aarch64-linux-gnu/faketime", "faketime");

    /** Returns the library, where it is installed. */
    static Optional<Path> installed() {
        return PLACES.stream()
                .map(place -> LIB.resolve(place).resolve("libfaketimeMT.so.1"))
                .filter(Files::exists)
                .findFirst();
    }

    /** Makes a clock that is right until it is set. */
    static Clock right(Path library, Path file) throws IOException {
        var clock = new Clock(library, file);
        clock.set(Duration.ZERO);
        return clock;
    }

    /** Returns what a process must have in its environment. */
    Map<String, String> environment() {
        return Map.of(
                "LD_PRELOAD", library.toString(),
                "FAKETIME_TIMESTAMP_FILE", file.toString(),
                "FAKETIME_CACHE_DURATION", "1",
                "FAKETIME_DONT_FAKE_MONOTONIC", "1",
                // Or waits of the JVM, which are on the monotonic clock, end before their time.
                "FAKETIME_FORCE_MONOTONIC_FIX", "0",
                "FAKETIME_DISABLE_SHM", "1");
    }

    /** Puts it forward, or back by less than nothing; from the true time. */
    void set(Duration ahead) throws IOException {
        Path next = Files.writeString(
                file.resolveSibling(file.getFileName() + ".next"), "%+d\n".formatted(ahead.toSeconds()));
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    }
}
