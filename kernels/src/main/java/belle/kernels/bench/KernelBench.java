package belle.kernels.bench;

import ai.onnxruntime.OrtException;
import belle.kernels.Kernels;
import belle.kernels.bench.ProductWorkload.Weights;
import belle.proto.bundle.KvType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/** The ops inside ONNX Runtime against the machine's ceilings, measured in the same run. */
public final class KernelBench {
    private KernelBench() {}

    /**
     * Measures everything with 1 and 2 threads.
     *
     * @param smoke tiny sizes: shows that it runs, measures little
     * @param rows hears each row as it is done; the first are the ceilings
     */
    public static void run(boolean smoke, Consumer<Measurement> rows) throws OrtException {
        int rounds = smoke ? 2 : 9;
        for (int threads = 1; threads <= Math.min(2, Runtime.getRuntime().availableProcessors()); threads++) {
            Ceilings ceilings = Ceilings.measure(threads, rounds);
            rows.accept(row("ceiling: read GB/s", threads, ceilings.readBytes() / 1e9, "read", 1));
            rows.accept(row("ceiling: FMA GFLOP/s", threads, ceilings.operations() / 1e9, "fma", 1));
            rows.accept(row("ceiling: int8 GOP/s", threads, ceilings.dots() / 1e9, "dot", 1));
            for (Workload workload : workloads(smoke)) {
                rows.accept(measure(workload, threads, ceilings, rounds));
            }
        }
    }

    private static List<Workload> workloads(boolean smoke) {
        int size = smoke ? 256 : 4096;
        List<Workload> all = new ArrayList<>();
        for (int rows : smoke ? new int[] {1, 64} : new int[] {1, 4, 8, 16, 64, 512}) {
            for (Weights weights : Weights.values()) {
                all.add(new ProductWorkload(weights, rows, size, size, false));
            }
        }
        for (Weights weights : List.of(Weights.F16, Weights.Q8, Weights.Q4)) {
            for (int rows : new int[] {1, 4, 64}) {
                all.add(new ProductWorkload(weights, rows, smoke ? 1024 : 11008, size, true));
            }
        }
        int context = smoke ? 128 : 1024;
        for (KvType cache : KvType.values()) {
            all.add(new AttentionWorkload(cache, 8, 1, context - 1, 32));
            all.add(new AttentionWorkload(cache, 8, 1, context - 1, 8));
            all.add(new AttentionWorkload(cache, 1, context / 2, 0, 32));
            all.add(new AttentionWorkload(cache, 1, context / 2, context / 2, 32));
        }
        return all;
    }

    /** The median of {@code rounds} runs after one to warm up. */
    private static Measurement measure(Workload workload, int threads, Ceilings ceilings, int rounds)
            throws OrtException {
        long[] nanos = new long[rounds];
        try (Workload.Running running = workload.open(threads)) {
            running.once();
            for (int round = 0; round < rounds; round++) {
                long begin = System.nanoTime();
                running.once();
                nanos[round] = System.nanoTime() - begin;
            }
        }
        Arrays.sort(nanos);
        double seconds = nanos[rounds / 2] / 1e9;
        double ofRead = workload.bytes() / seconds / ceilings.readBytes();
        double ofCompute = workload.operations() / seconds / workload.ceiling(ceilings);
        return ofRead > ofCompute
                ? row(workload.name(), threads, seconds * 1e6, "read", ofRead)
                : row(workload.name(), threads, seconds * 1e6, workload.ceilingName(), ofCompute);
    }

    private static Measurement row(String name, int threads, double value, String ceiling, double share) {
        return new Measurement(name, Kernels.isa(), threads, value, ceiling, share);
    }
}
