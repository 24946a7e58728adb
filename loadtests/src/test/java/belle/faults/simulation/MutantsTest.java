package belle.faults.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A simulation that finds nothing is worth something only if it finds what is there. */
class MutantsTest {
    private static final Path PATCHES =
            Path.of(System.getProperty("belle.root", ".."), "loadtests/src/test/resources/mutants");
    private static final long SEEDS = 2_000;

    static Stream<Mutant> mutants() throws IOException {
        List<Mutant> mutants = new ArrayList<>();
        try (var files = Files.list(PATCHES)) {
            for (Path file : files.sorted().toList()) {
                mutants.add(Mutant.read(file));
            }
        }
        return mutants.stream();
    }

    @ParameterizedTest
    @MethodSource("mutants")
    void isCaught(Mutant mutant, @TempDir Path folder) throws Exception {
        String report = mutant.hunt(folder, SEEDS);
        assertThat(report).as(mutant.name() + " in " + SEEDS + " seeds").contains(mutant.property() + ":");
    }
}
