package belle.faults.cluster;

import java.util.List;

/** Starts the program under test. */
@FunctionalInterface
public interface Launcher {
    /** Returns what starts {@code belle} with {@code arguments}; its output is not redirected yet. */
    ProcessBuilder belle(List<String> arguments);
}
