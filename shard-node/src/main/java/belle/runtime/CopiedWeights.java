package belle.runtime;

import belle.proto.bundle.Manifest.TensorEntry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Weights in a rank's own memory. ONNX Runtime maps them from the bundle; once it has, memory of the calling thread with the same
 * content takes the place of each mapping, at its address. Linux gives a thread memory of the NUMA node that it runs on, so a rank
 * that is bound to processors has its weights near them. ONNX Runtime unmaps what it mapped, and with it the copy.
 */
final class CopiedWeights {
    /** Address, end, rights, offset, device, inode, file: see proc_pid_maps(5). */
    private static final Pattern MAPPING = Pattern.compile("([0-9a-f]+)-([0-9a-f]+) \\S+ ([0-9a-f]+) \\S+ \\d+ +(/.*)");

    private static final long PAGE_BYTES = 4096;

    /** Two ranks that open one file at the same time would take each other's mappings for their own. */
    private static final ReentrantLock OPENING = new ReentrantLock();

    private CopiedWeights() {}

    /** A mapped range of a file. */
    private record Mapping(long address, long bytes, long offset) {
        boolean isAllOf(TensorEntry tensor) {
            return offset == tensor.offset() && bytes >= tensor.bytes() && bytes - tensor.bytes() < PAGE_BYTES;
        }
    }

    /**
     * Opens a rank, which maps {@code weights}, and copies what it mapped.
     *
     * @param table a tensor of which rows are looked up, and which stays mapped
     * @throws OutOfMemoryError when there is no room for the copy
     */
    static <R extends Rank> R open(Path weights, Optional<TensorEntry> table, Supplier<R> opening) {
        R opened;
        Set<Mapping> mappings;
        OPENING.lock();
        try {
            Set<Mapping> before = mappings(weights);
            opened = opening.get();
            mappings = mappings(weights);
            mappings.removeAll(before);
        } finally {
            OPENING.unlock();
        }
        try {
            mappings.stream()
                    .filter(mapping -> table.stream().noneMatch(mapping::isAllOf))
                    .forEach(mapping -> CLibrary.replaceByCopy(mapping.address, mapping.bytes));
            return opened;
        } catch (OutOfMemoryError e) {
            opened.close();
            throw e;
        }
    }

    private static Set<Mapping> mappings(Path file) {
        Set<Mapping> mappings = new HashSet<>();
        try {
            String path = file.toRealPath().toString();
            for (String line : Files.readAllLines(Path.of("/proc/self/maps"))) {
                Matcher matcher = MAPPING.matcher(line);
                if (matcher.matches() && matcher.group(4).equals(path)) {
                    long address = Long.parseUnsignedLong(matcher.group(1), 16);
                    long end = Long.parseUnsignedLong(matcher.group(2), 16);
                    mappings.add(new Mapping(address, end - address, Long.parseLong(matcher.group(3), 16)));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return mappings;
    }
}
