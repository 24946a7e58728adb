package belle.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import belle.engine.EngineConfig;
import belle.engine.GenerationRequest;
import belle.export.bundle.ExportOptions;
import belle.export.bundle.Exporter;
import belle.export.bundle.Verifier;
import belle.export.checkpoint.Progress;
import belle.proto.FailureException;
import belle.proto.SamplingParams;
import belle.proto.Tokens;
import belle.proto.bundle.KvType;
import belle.proto.bundle.PromptTemplates;
import belle.proto.bundle.WeightType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A model that is cut into ranks says the same, bit for bit. */
class TensorParallelTest {
    private static final EngineConfig ENGINE = new EngineConfig(8, 8, 64, 24, 64);

    @TempDir
    private Path folder;

    /** Writes a checkpoint. */
    interface Shape {
        Path write(Path folder) throws IOException;
    }

    private static Arguments shape(String name, List<Integer> degrees, Shape shape) {
        return Arguments.of(name, degrees, shape);
    }

    static Stream<Arguments> shapes() {
        return Stream.of(
                shape("6 heads of 32", List.of(1, 2, 4), at -> RandomModels.bloom(at, 6, 32)),
                shape("12 heads of 16", List.of(1, 2, 4, 8), at -> RandomModels.bloom(at, 12, 16)),
                shape("8 heads of 40", List.of(1, 2, 4, 8), at -> RandomModels.llama(at, 8, 8, 40, 1000)),
                shape("40 heads, few shared", List.of(1, 2, 4, 8), at -> RandomModels.llama(at, 40, 8, 8, 700)),
                shape(
                        "key/value heads in two ranks",
                        List.of(1, 2, 4, 8),
                        at -> RandomModels.llama(at, 16, 2, 32, 576)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("shapes")
    void everyDegreeGivesTheSameBits(String name, List<Integer> degrees, Shape shape) throws Exception {
        Path checkpoint = shape.write(folder.resolve("checkpoint"));
        for (WeightType weights : List.of(WeightType.F32, WeightType.F16)) {
            assertThat(compared(checkpoint, Optional.of(weights), 0))
                    .as(name + " " + weights)
                    .isEqualTo(degrees);
        }
    }

    /** Whole groups are a rank's, so there may be fewer degrees. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("shapes")
    void everyDegreeGivesTheSameBitsOfQuantisedWeights(String name, List<Integer> degrees, Shape shape)
            throws Exception {
        Path checkpoint = shape.write(folder.resolve("checkpoint"));
        for (WeightType weights : List.of(WeightType.Q8, WeightType.Q4)) {
            assertThat(compared(checkpoint, Optional.of(weights), 32))
                    .as(name + " " + weights)
                    .startsWith(1, 2)
                    .allMatch(degrees::contains);
        }
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void fixturesGiveTheSameBits(Path fixture) throws Exception {
        Assumptions.assumeTrue(Files.exists(fixture), "no fixtures beside the project");
        List<Integer> degrees = compared(fixture, Optional.empty(), 0);
        // Two heads of 64 are in a group of 128; inputs in an order of their own are not cut.
        boolean ordered = fixture.toString().endsWith("-act");
        boolean grouped = fixture.toString().contains("gptq");
        assertThat(degrees).isEqualTo(ordered ? List.of(1) : grouped ? List.of(1, 2) : List.of(1, 2, 4));
    }

    static Stream<Path> fixtures() throws IOException {
        Path all = Path.of(Objects.requireNonNull(System.getProperty("belle.root")), "..", "shared", "fixtures");
        if (!Files.isDirectory(all)) {
            return Stream.of(all);
        }
        try (Stream<Path> folders = Files.list(all)) {
            return folders
                    .filter(one -> Files.exists(one.resolve("config.json"))
                            && !one.getFileName().toString().contains("lora"))
                    .sorted()
                    .toList()
                    .stream();
        }
    }

    @Test
    void aModelMayHaveADegreeOfItsOwn() throws Exception {
        Path bundle = export(RandomModels.bloom(folder.resolve("checkpoint"), 6, 32), Optional.empty(), 0);
        var config = ranks(
                1,
                Optional.empty(),
                true,
                Map.of("bundle", 2, "other", 8),
                List.of(),
                Duration.ofMinutes(1),
                Duration.ofMinutes(2));
        try (OpenModel model = OpenModel.open(bundle, config)) {
            assertThat(model.manifest().name()).isEqualTo("bundle");
            assertThat(ranks()).hasSize(2);
        }
    }

    @Test
    void aDegreeThatCannotBeIsRefused() throws Exception {
        Path bundle = export(RandomModels.bloom(folder.resolve("checkpoint"), 6, 32), Optional.empty(), 0);
        assertThatThrownBy(() -> OpenModel.open(bundle, config(8, KvType.F32)))
                .isInstanceOf(FailureException.class)
                .hasMessageContaining("--tensor-parallel of bundle")
                .hasMessageContaining("must be one of [1, 2, 4], but is 8")
                .hasMessageContaining("none of the 6 heads");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void ranksInProcessesGiveTheSameBits(int degree) throws Exception {
        Path bundle = export(RandomModels.bloom(folder.resolve("checkpoint"), 6, 32), Optional.empty(), 0);
        List<List<Completion.Choice>> expected;
        try (OpenModel model = OpenModel.open(bundle, config(1, KvType.F32))) {
            expected = generate(model);
        }
        try (OpenModel model = OpenModel.open(bundle, inProcesses(degree, Duration.ofMinutes(1)))) {
            assertThat(generate(model)).isEqualTo(expected);
        }
    }

    @Test
    void aRankThatIsKilledFailsTheStepForAllAndTheNextOneFindsThemAgain() throws Exception {
        Path bundle = export(RandomModels.bloom(folder.resolve("checkpoint"), 6, 32), Optional.empty(), 0);
        try (OpenModel model = OpenModel.open(bundle, inProcesses(2, Duration.ofMinutes(1)))) {
            List<List<Completion.Choice>> expected = generate(model);
            for (int round = 0; round < 2; round++) {
                List<ProcessHandle> ranks = ranks();
                assertThat(ranks).hasSize(2);
                ranks.get(round).destroyForcibly();
                assertThatThrownBy(() -> generate(model))
                        .isInstanceOf(FailureException.class)
                        .hasMessageContaining("of 2 is gone");
                assertThat(generate(model)).isEqualTo(expected);
            }
        }
        assertThat(ranks()).isEmpty();
    }

    @Test
    void aRankThatHangsIsGivenUp() throws Exception {
        Path bundle = export(RandomModels.bloom(folder.resolve("checkpoint"), 6, 32), Optional.empty(), 0);
        var patience = inProcesses(2, Duration.ofSeconds(8));
        try (OpenModel model = OpenModel.open(bundle, patience)) {
            List<List<Completion.Choice>> expected = generate(model);
            stop(ranks().getLast());
            assertThatThrownBy(() -> generate(model))
                    .isInstanceOf(FailureException.class)
                    .hasMessageContaining("of 2 was given up");
            assertThat(generate(model)).isEqualTo(expected);
        }
    }

    /** One is stopped before it is open: the step does not suffer for it. */
    @Test
    void aRankThatHangsWhileItOpensIsGivenUp() throws Exception {
        Path bundle = export(RandomModels.bloom(folder.resolve("checkpoint"), 6, 32), Optional.empty(), 0);
        var patience =
                ranks(2, Optional.empty(), true, Map.of(), List.of(), Duration.ofMinutes(1), Duration.ofSeconds(15));
        try (OpenModel model = OpenModel.open(bundle, patience)) {
            List<List<Completion.Choice>> expected = generate(model);
            List<ProcessHandle> first = ranks();
            first.getFirst().destroyForcibly();
            assertThatThrownBy(() -> generate(model)).isInstanceOf(FailureException.class);
            Thread stopper = Thread.ofPlatform().start(() -> {
                while (ranks().isEmpty() || first.contains(ranks().getLast())) {
                    Thread.onSpinWait();
                }
                stop(ranks().getLast());
            });
            assertThat(generate(model)).isEqualTo(expected);
            stopper.join();
        }
    }

    private static void stop(ProcessHandle process) {
        try {
            new ProcessBuilder("kill", "-STOP", Long.toString(process.pid()))
                    .start()
                    .waitFor();
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** This process's rank processes. */
    static List<ProcessHandle> ranks() {
        return ProcessHandle.current()
                .children()
                .filter(child -> child.info()
                        .commandLine()
                        .map(line -> line.contains(RankMain.class.getName()))
                        .orElse(false))
                .sorted(Comparator.comparingLong(ProcessHandle::pid))
                .toList();
    }

    /** Returns the degrees, all of which gave what degree 1 gave. */
    private List<Integer> compared(Path checkpoint, Optional<WeightType> weights, int group) throws Exception {
        Path bundle = export(checkpoint, weights, group);
        List<Integer> degrees = Verifier.verify(bundle).manifest().degrees();
        for (KvType cache : List.of(KvType.F32, KvType.Q8)) {
            List<List<Completion.Choice>> expected = List.of();
            for (int degree : degrees) {
                try (OpenModel model = OpenModel.open(bundle, config(degree, cache))) {
                    List<List<Completion.Choice>> told = generate(model);
                    expected = degree == 1 ? told : expected;
                    assertThat(told)
                            .as("degree %d of %s, %s", degree, checkpoint, cache)
                            .isEqualTo(expected);
                }
            }
        }
        return degrees;
    }

    /** Three streams of different lengths at once, their prompts in chunks, sampled with log-probabilities. */
    static List<List<Completion.Choice>> generate(OpenModel model) {
        List<GenerationRequest> requests = new ArrayList<>();
        for (int stream = 0; stream < 3; stream++) {
            int[] ids = new int[5 + 30 * stream];
            for (int i = 0; i < ids.length; i++) {
                ids[i] = 10 + (i * 37 + stream * 11) % 1900;
            }
            var params =
                    new SamplingParams(12, 0.8, 30, 0.9, 0, 1.2, 0, 0, Map.of(), 42 + stream, 3, List.of(), true, 1);
            requests.add(new GenerationRequest("stream-" + stream, Tokens.of(ids), params, "t", false));
        }
        return LocalGenerator.of(model, ENGINE).generateAll(requests, _ -> {}).stream()
                .map(Completion::choices)
                .toList();
    }

    private static RuntimeConfig config(int degree, KvType cache) {
        return ranks(
                degree, Optional.of(cache), false, Map.of(), List.of(), Duration.ofMinutes(1), Duration.ofMinutes(2));
    }

    private static RuntimeConfig inProcesses(int degree, Duration deadline) {
        return ranks(degree, Optional.of(KvType.F32), true, Map.of(), List.of(), deadline, Duration.ofMinutes(2));
    }

    private static RuntimeConfig ranks(
            int degree,
            Optional<KvType> cache,
            boolean processes,
            Map<String, Integer> ofModels,
            List<String> cores,
            Duration deadline,
            Duration startDeadline) {
        var ranks = new RankConfig(degree, ofModels, cores, RankWeights.AUTO, processes, deadline, startDeadline);
        return new RuntimeConfig(degree, 16 << 20, cache, 32, ranks, AcceleratorConfig.NONE);
    }

    private Path export(Path checkpoint, Optional<WeightType> weights, int group) {
        Path target = folder.resolve("bundle");
        Optional<Integer> groups = group == 0 ? Optional.empty() : Optional.of(group);
        var options = new ExportOptions(
                target,
                true,
                weights,
                groups,
                Optional.empty(),
                Optional.empty(),
                PromptTemplates.BELLE,
                Optional.empty(),
                0);
        Exporter.export(checkpoint, options, Progress.NONE);
        return target;
    }
}
