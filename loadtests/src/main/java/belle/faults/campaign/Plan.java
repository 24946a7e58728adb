package belle.faults.campaign;

import belle.faults.cluster.JournalStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * A campaign as ordered.
 *
 * @param bundle to serve, and {@code model} its name
 * @param seed decides requests and faults
 * @param faults at least so many, and {@code streams} at least so many
 * @param clients at once
 * @param kinds of faults; those that this machine does not permit are left out
 * @param flags of the members, such as {@code --fast-failover}
 * @param journal what conversations are written down in
 * @param folder for logs and the history
 * @param limit after which the campaign ends as it is
 */
public record Plan(
        Path bundle,
        String model,
        long seed,
        int faults,
        int streams,
        int clients,
        List<String> kinds,
        List<String> flags,
        JournalStore.Kind journal,
        Path folder,
        Duration limit) {
    public Plan {
        kinds = List.copyOf(kinds);
        flags = List.copyOf(flags);
    }
}
