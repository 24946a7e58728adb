package belle.export.checkpoint;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Checkpoints of random weights in float16, to measure and to test by; the same shape gives the same bytes. */
public final class RandomCheckpoint {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> TOKENIZER =
            List.of("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json");
    private static final double DEVIATION = 0.02;

    /** Random numbers that all tensors are cut from: a prime number of them, so that rows differ. */
    private static final int NUMBERS = 1_048_573;

    private RandomCheckpoint() {}

    /**
     * Writes a checkpoint.
     *
     * @param config what {@code config.json} says
     * @param tensors names and dimensions
     * @param tokenizer a folder whose tokenizer it gets
     * @param folder is made
     */
    public static void write(
            Map<String, Object> config, Map<String, List<Integer>> tensors, Path tokenizer, Path folder)
            throws IOException {
        Files.createDirectories(folder);
        for (String file : TOKENIZER) {
            Files.copy(tokenizer.resolve(file), folder.resolve(file));
        }
        Files.write(folder.resolve("config.json"), JSON.writeValueAsBytes(config));
        try (OutputStream out =
                new BufferedOutputStream(Files.newOutputStream(folder.resolve("model.safetensors")), 1 << 20)) {
            byte[] header = JSON.writeValueAsString(header(tensors)).getBytes(StandardCharsets.UTF_8);
            out.write(ByteBuffer.allocate(Long.BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(header.length)
                    .array());
            out.write(header);
            byte[] numbers = numbers();
            int at = 0;
            for (List<Integer> dims : tensors.values()) {
                long left = 2 * elements(dims);
                while (left > 0) {
                    int count = (int) Math.min(left, numbers.length - at);
                    out.write(numbers, at, count);
                    at = (at + count) % numbers.length;
                    left -= count;
                }
            }
        }
    }

    private static Map<String, Object> header(Map<String, List<Integer>> tensors) {
        Map<String, Object> header = new LinkedHashMap<>();
        long at = 0;
        for (var tensor : tensors.entrySet()) {
            long end = at + 2 * elements(tensor.getValue());
            header.put(
                    tensor.getKey(),
                    Map.of("dtype", "F16", "shape", tensor.getValue(), "data_offsets", List.of(at, end)));
            at = end;
        }
        return header;
    }

    private static long elements(List<Integer> dims) {
        return dims.stream().mapToLong(Integer::longValue).reduce(1, (a, b) -> a * b);
    }

    private static byte[] numbers() {
        var random = new Random(1);
        ByteBuffer numbers = ByteBuffer.allocate(2 * NUMBERS).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < NUMBERS; i++) {
            numbers.putShort(Float.floatToFloat16((float) (DEVIATION * random.nextGaussian())));
        }
        return numbers.array();
    }
}
