package belle.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OrtException;
import belle.kernels.bench.SingleOp;
import belle.kernels.bench.Tensors;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ranks' sums meet in the leaves' order, over any number of pieces and steps; a rank that waits in vain is told. */
final class AllReduceTest {
    private static final int PIECE = 16_384;
    private static final int HEADER_BYTES = 64 * 9;

    private static MemorySegment meeting(Arena arena, int ranks) {
        return arena.allocate(HEADER_BYTES + ranks * 2L * PIECE * Float.BYTES, 64);
    }

    private static SingleOp open() throws OrtException {
        return SingleOp.of("AllReduce")
                .input(OnnxJavaType.FLOAT, 2)
                .input(OnnxJavaType.INT64, 1)
                .open(1);
    }

    private static float[] run(
            SingleOp op, MemorySegment meeting, int rank, int ranks, long step, float[] x, int rows) {
        try {
            return Ops.run(
                    op,
                    Tensors.floats(x, rows, x.length / rows),
                    Tensors.longs(new long[] {meeting.address(), meeting.byteSize(), rank, ranks, step}, 5));
        } catch (OrtException e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4, 8})
    void everyRankHasTheTreesSum(int ranks) throws Exception {
        Random random = new Random(ranks);
        List<SingleOp> ops = new ArrayList<>();
        try (Arena arena = Arena.ofShared();
                ExecutorService threads = Executors.newFixedThreadPool(ranks)) {
            MemorySegment meeting = meeting(arena, ranks);
            for (int rank = 0; rank < ranks; rank++) {
                ops.add(open());
            }
            for (long step = 1; step <= 12; step++) {
                long number = step;
                for (int node = 0; node < 3; node++) {
                    int rows = 1 + random.nextInt(3);
                    int width = random.nextBoolean() ? 1 + random.nextInt(200) : PIECE + random.nextInt(2 * PIECE);
                    List<float[]> parts = new ArrayList<>();
                    List<CompletableFuture<float[]>> sums = new ArrayList<>();
                    for (int rank = 0; rank < ranks; rank++) {
                        float[] x = Ops.random(random, rows * width);
                        int own = rank;
                        parts.add(x);
                        sums.add(CompletableFuture.supplyAsync(
                                () -> run(ops.get(own), meeting, own, ranks, number, x, rows), threads));
                    }
                    float[] expected = tree(parts);
                    for (CompletableFuture<float[]> sum : sums) {
                        assertThat(Ops.difference(expected, sum.join()))
                                .as("step %d, %d rows of %d", step, rows, width)
                                .isEmpty();
                    }
                }
            }
        } finally {
            for (SingleOp op : ops) {
                op.close();
            }
        }
    }

    private static float[] tree(List<float[]> parts) {
        float[][] roots = parts.stream().map(float[]::clone).toArray(float[][]::new);
        for (int step = 1; step < roots.length; step *= 2) {
            for (int i = 0; i < roots.length; i += 2 * step) {
                for (int j = 0; j < roots[i].length; j++) {
                    roots[i][j] += roots[i + step][j];
                }
            }
        }
        return roots[0];
    }

    /** The second rank never comes in step 7; in step 8 both do, though one has counted further than the other. */
    @Test
    void aRankThatWaitsForOneThatGaveUpIsTold() throws Exception {
        try (Arena arena = Arena.ofShared();
                SingleOp first = open();
                SingleOp second = open()) {
            MemorySegment meeting = meeting(arena, 2);
            float[] x = {1, 2, 3};
            var waiting = CompletableFuture.supplyAsync(() -> run(first, meeting, 0, 2, 7, x, 1));
            Thread.sleep(20);
            assertThat(waiting).isNotDone();
            meeting.set(ValueLayout.JAVA_LONG, 0, 7 + 1);
            assertThat(waiting.handle((_, failure) -> String.valueOf(failure)).join())
                    .contains("another rank gave up step 7");
            var again = CompletableFuture.supplyAsync(() -> run(first, meeting, 0, 2, 8, x, 1));
            assertThat(run(second, meeting, 1, 2, 8, new float[] {10, 20, 30}, 1))
                    .containsExactly(11, 22, 33);
            assertThat(again.join()).containsExactly(11, 22, 33);
        }
    }

    @Test
    void aPlaceThatIsNoneIsRefused() throws Exception {
        try (Arena arena = Arena.ofShared();
                SingleOp op = open()) {
            MemorySegment meeting = meeting(arena, 2);
            for (var wrong : List.of(
                    new long[] {0, meeting.byteSize(), 0, 2, 1},
                    new long[] {meeting.address(), 100, 0, 2, 1},
                    new long[] {meeting.address(), meeting.byteSize(), 2, 2, 1},
                    new long[] {meeting.address(), meeting.byteSize(), 0, 3, 1},
                    new long[] {meeting.address(), meeting.byteSize(), 0, 4, 1},
                    new long[] {meeting.address(), meeting.byteSize(), 0, 2, -1})) {
                assertThat(CompletableFuture.supplyAsync(() -> {
                                    try {
                                        return Ops.run(
                                                op, Tensors.floats(new float[] {1}, 1, 1), Tensors.longs(wrong, 5));
                                    } catch (OrtException e) {
                                        throw new IllegalStateException(e.getMessage(), e);
                                    }
                                })
                                .handle((_, failure) -> String.valueOf(failure))
                                .join())
                        .contains("belle.AllReduce: collective");
            }
        }
    }

    /** What benches take the time of meets as ranks do, once for each time. */
    @Test
    void aBenchMeetsAsRanksDo() {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment meeting = meeting(arena, 2);
            var other = CompletableFuture.supplyAsync(() -> Kernels.allReduces(place(meeting, 1), new float[100], 50));
            assertThat(Kernels.allReduces(place(meeting, 0), new float[100], 50))
                    .hasSize(50)
                    .doesNotContain(0.0);
            assertThat(other.join()).hasSize(50);
            assertThatThrownBy(() -> Kernels.allReduces(place(meeting, 2), new float[1], 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("ranks cannot meet at [");
        }
    }

    private static long[] place(MemorySegment meeting, int rank) {
        return new long[] {meeting.address(), meeting.byteSize(), rank, 2, 1};
    }
}
