package belle.kernels.bench;

import belle.kernels.Kernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * What this machine does at most with {@code threads} threads: bytes read from memory, floating-point operations and
 * operations of products of bytes, a second.
 */
record Ceilings(int threads, double readBytes, double operations, double dots) {
    /** Far more than any cache holds. */
    private static final long READ_BYTES = 256L << 20;

    private static final long FMA_ROUNDS = 4_000_000;

    /** The best of {@code rounds} measurements: other processes only ever take away. */
    static Ceilings measure(int threads, int rounds) {
        double read = 0;
        double operations = 0;
        double dots = 0;
        try (Arena arena = Arena.ofShared()) {
            MemorySegment memory = arena.allocate(READ_BYTES, 4096).fill((byte) 1);
            long part = READ_BYTES / threads;
            for (int round = 0; round < rounds; round++) {
                read = Math.max(read, rate(threads, thread -> () -> {
                    float _ = Kernels.read(memory.asSlice(thread * part, part));
                    return part;
                }));
                operations = Math.max(operations, rate(threads, _ -> () -> Kernels.fmas(FMA_ROUNDS)));
                dots = Math.max(dots, rate(threads, _ -> () -> Kernels.dots(FMA_ROUNDS)));
            }
        }
        return new Ceilings(threads, read, operations, dots);
    }

    private interface Work {
        LongSupplier of(int thread);
    }

    /** Units a second of {@code threads} threads together. */
    private static double rate(int threads, Work work) {
        long[] done = new long[threads];
        List<Thread> others = new ArrayList<>();
        long begin = System.nanoTime();
        for (int thread = 1; thread < threads; thread++) {
            int own = thread;
            others.add(Thread.ofPlatform().start(() -> done[own] = work.of(own).getAsLong()));
        }
        done[0] = work.of(0).getAsLong();
        for (Thread other : others) {
            join(other);
        }
        long nanos = System.nanoTime() - begin;
        long total = 0;
        for (long units : done) {
            total += units;
        }
        return total * 1e9 / nanos;
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while measuring", e);
        }
    }
}
