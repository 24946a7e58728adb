package belle.faults.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class NamespacesTest {
    private static final int PROCESSES = 3;

    /** Processes that are not cut off know this machine by it: where it changed they lost their clients, too. */
    @Test
    void cuttingOneOffDoesNotMoveTheMachineItself() throws Exception {
        try (var network = build()) {
            Path address = network.sysfs().resolve("address");
            String before = Files.readString(address);
            for (int number = 1; number <= PROCESSES; number++) {
                network.cut(number);
                assertThat(Files.readString(address)).as("without %d", number).isEqualTo(before);
                network.mend(number);
            }
        }
    }

    private static Namespaces build() {
        try {
            return Namespaces.build(PROCESSES);
        } catch (IOException e) {
            return abort("skipped: no networks can be made here: " + e.getMessage());
        }
    }
}
