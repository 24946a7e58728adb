package belle.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import belle.proto.bundle.KvType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.IntBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

@SuppressWarnings("restricted") // looks at the pool's memory by its address
class KvPoolTest {
    private static final int LAYERS = 3;
    private static final long PAGE = 4096;

    /** Blocks of 128 KiB, sixteen to a page of two mebibytes. */
    private static final KvLayout LARGE = new KvLayout(LAYERS, 128, 4, 64, 64, KvType.F32);

    @Test
    void memoryOfTheNextBlocksIsBackedAFewPagesAStep() throws IOException {
        try (KvPool pool = KvPool.reserve(LARGE)) {
            assertThat(resident(pool)).isZero();
            pool.back(IntBuffer.wrap(new int[] {0}), 4);
            assertThat(resident(pool)).isBetween(2 * PAGE, 2L << 21);
            for (int step = 0; step < 20; step++) {
                pool.back(IntBuffer.wrap(new int[] {0, -1}), 4);
            }
            assertThat(resident(pool)).isBetween(3 * LAYERS * PAGE, (3L * LAYERS) << 21);
        }
    }

    @Test
    void whatBlocksHoldStaysToThePoolsEnd() {
        try (KvPool pool = KvPool.reserve(LARGE)) {
            MemorySegment memory = MemorySegment.ofAddress(pool.descriptor()[0]).reinterpret(LARGE.bytes());
            for (long at = 0; at < memory.byteSize(); at += 8) {
                memory.set(ValueLayout.JAVA_LONG, at, at * 0x9e3779b97f4a7c15L);
            }
            MemorySegment held = Arena.ofAuto().allocate(memory.byteSize()).copyFrom(memory);
            for (int step = 0; step < 100; step++) {
                pool.back(IntBuffer.wrap(new int[] {LARGE.blocks() - 1}), 4);
            }
            assertThat(memory.mismatch(held)).isEqualTo(-1);
        }
    }

    /** Bytes of the pool that have memory, as the kernel counts them. */
    private static long resident(KvPool pool) throws IOException {
        long begin = pool.descriptor()[0];
        List<String> lines = Files.readAllLines(Path.of("/proc/self/smaps"));
        long bytes = 0;
        boolean inside = false;
        for (String line : lines) {
            if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
                int to = line.indexOf('-');
                inside = Long.parseUnsignedLong(line.substring(0, to), 16) <= begin
                        && begin < Long.parseUnsignedLong(line.substring(to + 1, line.indexOf(' ')), 16);
            } else if (inside && line.startsWith("Rss:")) {
                bytes += 1024 * Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        return bytes;
    }
}
