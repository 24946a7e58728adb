package belle.export.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A checkpoint far larger than the reader's memory, with holes in place of most of its zeros. */
class LargeCheckpointTest {
    private static final int MOST_RESIDENT_KILOBYTES = 512 << 10;
    private static final ModelConfig.Llama LARGE = new ModelConfig.Llama(
            4096, 11008, 1, 32, 32, 128, 250_880, 2048, 1e-6, 10_000, new RopeScaling.None(), false, false, false);

    @TempDir
    Path dir = Path.of("");

    @Test
    void readsMoreThanFourGigabytesInAQuarterOfOne() throws IOException, InterruptedException {
        assumeTrue(Files.isReadable(Path.of("/proc/self/status")), "no /proc to read the memory from");
        long bytes = writeSparse();
        assertThat(bytes).isGreaterThan(4L << 30);
        Process reader = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        WholeReading.class.getName(),
                        dir.toString())
                .redirectErrorStream(true)
                .start();
        String output = new String(reader.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(reader.waitFor()).as(output).isZero();
        Map<String, Long> results = new HashMap<>();
        output.lines().map(line -> line.split(" ")).forEach(words -> results.put(words[0], Long.parseLong(words[1])));
        assertThat(results)
                .containsEntry("lastElements", (long) ExpectedTensors.of(LARGE).size());
        assertThat(results.get("readBytes")).isGreaterThan(4L << 30).isLessThan(bytes);
        assertThat(results.get("residentKilobytes")).isLessThan(MOST_RESIDENT_KILOBYTES);
    }

    /** Every tensor is zero but for a one at its end. Returns the size of the file. */
    private long writeSparse() throws IOException {
        ObjectNode header = JsonNodeFactory.instance.objectNode();
        long end = 0;
        for (Map.Entry<String, List<Long>> tensor : ExpectedTensors.of(LARGE).entrySet()) {
            long bytes = StoredTensor.elements(tensor.getValue()) * DType.F16.bytes();
            header.set(tensor.getKey(), SafetensorsBytes.entry("F16", tensor.getValue(), end, bytes));
            end += bytes;
        }
        Files.writeString(dir.resolve("config.json"), TinyConfigs.json(LARGE, DType.F16));
        Path file = dir.resolve("model.safetensors");
        byte[] start = SafetensorsBytes.of(header.toString(), new byte[0]);
        Files.write(file, start);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            for (var entry : header.properties()) {
                long behind = entry.getValue().path("data_offsets").path(1).longValue();
                byte[] one = TinyCheckpoints.stored(DType.F16, 1);
                channel.write(ByteBuffer.wrap(one), start.length + behind - one.length);
            }
            return channel.size();
        }
    }
}
