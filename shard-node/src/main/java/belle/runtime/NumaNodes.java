package belle.runtime;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * The processors of each node of a machine that reads some of its memory faster than other. None where Linux does not say.
 *
 * <p>Source: Documentation/ABI/stable/sysfs-devices-node of the Linux kernel.
 */
record NumaNodes(List<BitSet> processors) {
    private static final Path NODES = Path.of("/sys/devices/system/node");

    static NumaNodes ofThisMachine() {
        return read(NODES);
    }

    static NumaNodes read(Path nodes) {
        List<BitSet> processors = new ArrayList<>();
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(nodes, "node[0-9]*")) {
            for (Path folder : folders) {
                String list = Files.readString(folder.resolve("cpulist")).strip();
                if (!list.isEmpty()) { // A node may be memory alone.
                    processors.add(CpuList.parse(list));
                }
            }
        } catch (IOException e) {
            return new NumaNodes(List.of());
        }
        return new NumaNodes(List.copyOf(processors));
    }

    /** Whether there are several, and one of them has all of {@code cpus}. */
    boolean severalAndOneHas(BitSet cpus) {
        return processors.size() > 1
                && processors.stream().anyMatch(node -> {
                    BitSet others = (BitSet) cpus.clone();
                    others.andNot(node);
                    return others.isEmpty();
                });
    }
}
