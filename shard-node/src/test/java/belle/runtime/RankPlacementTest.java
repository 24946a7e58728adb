package belle.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import belle.export.bundle.ExportOptions;
import belle.export.bundle.Exporter;
import belle.export.checkpoint.Progress;
import belle.proto.bundle.KvType;
import belle.proto.bundle.PromptTemplates;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where ranks compute, and where they have their weights. */
class RankPlacementTest {
    @TempDir
    private Path folder;

    @Test
    void ranksStayOnTheirCores() throws Exception {
        Path bundle = bundle();
        var pinned = config(List.of("0", "0-1"), RankWeights.AUTO, true);
        try (OpenModel model = OpenModel.open(bundle, pinned)) {
            TensorParallelTest.generate(model);
            List<String> allowed = new ArrayList<>();
            for (ProcessHandle rank : TensorParallelTest.ranks()) {
                try (Stream<Path> threads = Files.list(Path.of("/proc", Long.toString(rank.pid()), "task"))) {
                    for (Path thread : threads.toList()) {
                        Files.readAllLines(thread.resolve("status")).stream()
                                .filter(line -> line.startsWith("Cpus_allowed_list"))
                                .forEach(line -> allowed.add(line.replaceFirst("^\\S+\\s+", "")));
                    }
                }
            }
            assertThat(allowed).contains("0");
        }
        assertThatThrownBy(() -> new RankConfig(
                        2, Map.of(), List.of("0"), RankWeights.AUTO, false, Duration.ZERO, Duration.ZERO))
                .hasMessageContaining("each of 2 ranks, but has 1");
        assertThatThrownBy(() -> CpuList.parse("0-x")).hasMessageContaining("one is '0-x'");
    }

    /** A rank that is bound to cores computes there, also where it is the only one. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void boundRanksComputeOnThreadsOfTheirOwn(int degree) throws Exception {
        // Larger than the others, so that a rank's work is more than the caller's, compiled or not.
        Path bundle = bundle(16, 64);
        var threads = ManagementFactory.getThreadMXBean();
        var bound = config(List.of("0", "1").subList(0, degree), RankWeights.AUTO, false);
        try (OpenModel model = OpenModel.open(bundle, bound)) {
            TensorParallelTest.generate(model);
            long callers = threads.getCurrentThreadCpuTime();
            Map<String, Long> before = rankTimes(threads);
            TensorParallelTest.generate(model);
            callers = threads.getCurrentThreadCpuTime() - callers;
            Map<String, Long> after = rankTimes(threads);
            for (int rank = 0; rank < degree; rank++) {
                String name = "rank-" + rank;
                assertThat(Objects.requireNonNull(after.get(name)) - Objects.requireNonNull(before.get(name)))
                        .as("%s against the caller's %d ns", name, callers)
                        .isGreaterThan(callers);
            }
        }
    }

    /** Processor time of the threads of ranks. */
    private static Map<String, Long> rankTimes(ThreadMXBean threads) {
        return Arrays.stream(threads.getThreadInfo(threads.getAllThreadIds()))
                .filter(thread -> thread != null && thread.getThreadName().startsWith("rank-"))
                .collect(Collectors.toMap(
                        ThreadInfo::getThreadName,
                        thread -> threads.getThreadCpuTime(thread.getThreadId()),
                        Long::sum));
    }

    /** Only the table of the embedding, of which a row is read, stays mapped where there are several ranks. */
    @ParameterizedTest
    @CsvSource({"1,false", "2,false", "1,true", "2,true"})
    void copiedWeightsGiveTheSameBits(int degree, boolean processes) throws Exception {
        Path bundle = bundle();
        List<String> cores = List.of("0", "0-1").subList(0, degree);
        List<List<Completion.Choice>> expected;
        try (OpenModel model = OpenModel.open(bundle, config(cores, RankWeights.MAPPED, processes))) {
            expected = TensorParallelTest.generate(model);
            assertThat(mapped(bundle, processes)).hasSizeGreaterThan(10 * degree);
        }
        try (OpenModel model = OpenModel.open(bundle, config(cores, RankWeights.COPIED, processes))) {
            assertThat(mapped(bundle, processes)).hasSize(degree == 1 ? 0 : degree);
            assertThat(TensorParallelTest.generate(model)).isEqualTo(expected);
        }
        assertThat(mapped(bundle, processes)).isEmpty();
    }

    @Test
    void copiesAreForRanksOnOneOfSeveralNodes() throws IOException {
        assertThat(nodes("0-3").severalAndOneHas(CpuList.parse("0-1"))).isFalse();
        NumaNodes two = nodes("0-1,4-5", "2-3,6-7", "");
        assertThat(two.severalAndOneHas(CpuList.parse("4"))).isTrue();
        assertThat(two.severalAndOneHas(CpuList.parse("2-3,6-7"))).isTrue();
        assertThat(two.severalAndOneHas(CpuList.parse("1-2"))).isFalse();
        assertThat(NumaNodes.read(folder.resolve("none")).severalAndOneHas(new BitSet()))
                .isFalse();
        assertThatThrownBy(() -> RankWeights.of("near"))
                .hasMessageContaining("belle.node.runtime.rank-weights must be auto, mapped or copied, but is near");
    }

    private NumaNodes nodes(String... processors) throws IOException {
        Path nodes = folder.resolve("nodes" + processors.length);
        for (int node = 0; node < processors.length; node++) {
            Path list = Files.createDirectories(nodes.resolve("node" + node)).resolve("cpulist");
            Files.writeString(list, processors[node] + "\n");
        }
        return NumaNodes.read(nodes);
    }

    /** What this process, or its ranks' processes, have mapped of the weights. */
    private static List<String> mapped(Path bundle, boolean processes) throws IOException {
        List<Long> owners = processes
                ? TensorParallelTest.ranks().stream().map(ProcessHandle::pid).toList()
                : List.of(ProcessHandle.current().pid());
        List<String> mapped = new ArrayList<>();
        for (long owner : owners) {
            Files.readAllLines(Path.of("/proc", Long.toString(owner), "maps")).stream()
                    .filter(line -> line.endsWith(bundle.resolve("weights.bin").toString()))
                    .forEach(mapped::add);
        }
        return mapped;
    }

    private static RuntimeConfig config(List<String> cores, RankWeights weights, boolean processes) {
        var ranks = new RankConfig(
                cores.size(), Map.of(), cores, weights, processes, Duration.ofMinutes(1), Duration.ofMinutes(2));
        return new RuntimeConfig(cores.size(), 16 << 20, Optional.of(KvType.F32), 32, ranks, AcceleratorConfig.NONE);
    }

    private Path bundle() throws IOException {
        return bundle(6, 32);
    }

    private Path bundle(int heads, int headDim) throws IOException {
        Path target = folder.resolve("bundle");
        var options = new ExportOptions(target, true, Optional.empty(), PromptTemplates.BELLE, 0);
        Exporter.export(RandomModels.bloom(folder.resolve("checkpoint"), heads, headDim), options, Progress.NONE);
        return target;
    }
}
