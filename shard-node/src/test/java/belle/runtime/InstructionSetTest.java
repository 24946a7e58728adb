package belle.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import belle.proto.bundle.WeightType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whole generations are the same bits on every instruction set that this machine can force. The set is chosen when the
 * operators are loaded, so that each has a process of its own.
 */
class InstructionSetTest {
    private static final long LIMIT_SECONDS = 120;

    @TempDir
    private Path folder;

    @Test
    void givesTheSameBitsOnEveryInstructionSet() throws Exception {
        List<Path> bundles = new ArrayList<>();
        for (String checkpoint : List.of(TinyBundles.BLOOM, TinyBundles.LLAMA_GQA)) {
            for (WeightType weights : List.of(WeightType.F32, WeightType.F16, WeightType.Q8, WeightType.Q4)) {
                Path own = Files.createDirectories(folder.resolve(weights.label()));
                bundles.add(TinyBundles.export(checkpoint, own, Optional.of(weights)));
            }
        }
        Map<String, List<String>> told = new LinkedHashMap<>();
        for (String isa : List.of("scalar", "avx2", "avx512", "vnni")) {
            generate(isa, bundles).ifPresent(lines -> told.put(isa, lines));
        }
        List<String> expected = told.getOrDefault("scalar", List.of());
        // Each of 8 bundles, 3 cache types and 2 ways of sampling once with one thread, once with two.
        assertThat(expected).hasSize(96);
        assertThat(new HashSet<>(expected)).as("with one and two threads").hasSize(48);
        told.forEach((isa, lines) -> assertThat(lines).as(isa).isEqualTo(expected));
    }

    /** Returns what a process tells that is forced to {@code isa}; empty when this machine lacks the set. */
    private Optional<List<String>> generate(String isa, List<Path> bundles) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                ForcedGeneration.class.getName(),
                isa));
        bundles.forEach(bundle -> command.add(bundle.toString()));
        Path out = folder.resolve(isa + ".out");
        Path err = folder.resolve(isa + ".err");
        var builder = new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
        // Not as a flag: ONNX Runtime's telemetry reads the command line, and a long one overflows its stack.
        builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
        builder.environment().put("BELLE_ISA", isa);
        Process process = builder.start();
        boolean ended = process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
        process.destroyForcibly();
        assertThat(ended).as("%s: %s", isa, Files.readString(err)).isTrue();
        if (process.exitValue() == ForcedGeneration.LACKING) {
            return Optional.empty();
        }
        assertThat(process.exitValue()).as("%s: %s", isa, Files.readString(err)).isZero();
        return Optional.of(Files.readAllLines(out));
    }
}
