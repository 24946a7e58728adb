package belle.export.checkpoint;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Writes small random checkpoints whose linear layers are quantised, as GPTQ's tools do, and tells what they mean. */
final class GptqBytes {
    /**
     * How to write.
     *
     * @param group inputs that share a scale; -1 for all
     * @param shuffled groups are not consecutive inputs, and {@code g_idx} says so
     * @param zerosLessOne as BELLE and format 1 store zeros
     * @param said whether {@code quantize_config.json} is there
     */
    record Form(int bits, int group, boolean shuffled, boolean zerosLessOne, boolean said) {}

    private final ModelConfig config;
    private final Form form;
    private final Random random;
    private final ObjectNode header = JsonNodeFactory.instance.objectNode();
    private final ByteArrayOutputStream data = new ByteArrayOutputStream();
    private final Map<String, float[]> meant = new LinkedHashMap<>();

    private GptqBytes(ModelConfig config, Form form, long seed) {
        this.config = config;
        this.form = form;
        this.random = new Random(seed);
    }

    /** Writes into {@code dir}, and returns every tensor's numbers by the readers' names. */
    static Map<String, float[]> write(Path dir, ModelConfig config, Form form, long seed) {
        return new GptqBytes(config, form, seed).write(dir);
    }

    private Map<String, float[]> write(Path dir) {
        ExpectedTensors.of(config).forEach((name, shape) -> {
            boolean linear = shape.size() == 2 && (name.startsWith("h.") || name.contains("layers."));
            if (linear) {
                addLinear(
                        name.replace(".weight", ""),
                        shape.get(0).intValue(),
                        shape.get(1).intValue());
            } else {
                float[] values = new float[Math.toIntExact(StoredTensor.elements(shape))];
                for (int i = 0; i < values.length; i++) {
                    values[i] = (float) random.nextGaussian();
                }
                add(name, DType.F32, shape, TinyCheckpoints.stored(DType.F32, values));
                meant.put(name, values);
            }
        });
        try {
            Files.createDirectories(dir);
            Files.writeString(dir.resolve("config.json"), TinyConfigs.json(config, DType.F32));
            Files.write(dir.resolve("model.safetensors"), SafetensorsBytes.of(header.toString(), data.toByteArray()));
            if (form.said()) {
                Files.writeString(
                        dir.resolve("quantize_config.json"),
                        "{\"bits\": %d, \"group_size\": %d, \"desc_act\": %s, \"sym\": false, \"checkpoint_format\": \"%s\"}"
                                .formatted(
                                        form.bits(),
                                        form.group(),
                                        form.shuffled(),
                                        form.zerosLessOne() ? "gptq" : "gptq_v2"));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return meant;
    }

    private void addLinear(String name, int outputs, int inputs) {
        int group = form.group() == -1 ? inputs : form.group();
        int groups = (inputs + group - 1) / group;
        int top = (1 << form.bits()) - 1;
        int[][] q = numbers(inputs, outputs, top);
        int[][] zeros = numbers(groups, outputs, top);
        float[] scales = new float[groups * outputs];
        for (int i = 0; i < scales.length; i++) {
            scales[i] = Float.float16ToFloat(Float.floatToFloat16(0.001f + random.nextFloat() / 100));
        }
        List<Integer> groupOf =
                IntStream.range(0, inputs).map(input -> input / group).boxed().collect(Collectors.toList());
        if (form.shuffled()) {
            Collections.shuffle(groupOf, random);
            ByteBuffer bytes = ByteBuffer.allocate(inputs * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            groupOf.forEach(bytes::putInt);
            add(name + ".g_idx", DType.I32, List.of((long) inputs), bytes.array());
        }
        float[] weights = new float[outputs * inputs];
        for (int output = 0; output < outputs; output++) {
            for (int input = 0; input < inputs; input++) {
                int of = groupOf.get(input);
                weights[output * inputs + input] =
                        scales[of * outputs + output] * (q[input][output] - zeros[of][output]);
            }
        }
        int packed = Integer.SIZE / form.bits();
        add(name + ".qweight", DType.I32, List.of((long) inputs / packed, (long) outputs), alongRows(q));
        add(name + ".qzeros", DType.I32, List.of((long) groups, (long) outputs / packed), alongColumns(zeros));
        add(
                name + ".scales",
                DType.F16,
                List.of((long) groups, (long) outputs),
                TinyCheckpoints.stored(DType.F16, scales));
        if (config instanceof ModelConfig.Llama) {
            add(name + ".bias", DType.F16, List.of((long) outputs), new byte[2 * outputs]);
        }
        meant.put(name + ".weight", weights);
    }

    private int[][] numbers(int rows, int columns, int top) {
        int[][] numbers = new int[rows][columns];
        for (int[] row : numbers) {
            for (int i = 0; i < columns; i++) {
                row[i] = random.nextInt(top + 1);
            }
        }
        return numbers;
    }

    private byte[] alongRows(int[][] numbers) {
        int packed = Integer.SIZE / form.bits();
        int columns = numbers[0].length;
        ByteBuffer bytes =
                ByteBuffer.allocate(numbers.length / packed * columns * 4).order(ByteOrder.LITTLE_ENDIAN);
        for (int row = 0; row < numbers.length; row += packed) {
            for (int column = 0; column < columns; column++) {
                int word = 0;
                for (int i = 0; i < packed; i++) {
                    word |= numbers[row + i][column] << (i * form.bits());
                }
                bytes.putInt(word);
            }
        }
        return bytes.array();
    }

    private byte[] alongColumns(int[][] zeros) {
        int packed = Integer.SIZE / form.bits();
        int mask = (1 << form.bits()) - 1;
        ByteBuffer bytes =
                ByteBuffer.allocate(zeros.length * zeros[0].length / packed * 4).order(ByteOrder.LITTLE_ENDIAN);
        for (int[] row : zeros) {
            for (int column = 0; column < row.length; column += packed) {
                int word = 0;
                for (int i = 0; i < packed; i++) {
                    int stored = form.zerosLessOne() ? (row[column + i] - 1) & mask : row[column + i];
                    word |= stored << (i * form.bits());
                }
                bytes.putInt(word);
            }
        }
        return bytes.array();
    }

    private void add(String name, DType type, List<Long> shape, byte[] bytes) {
        header.set(name, SafetensorsBytes.entry(type.name(), shape, data.size(), bytes.length));
        data.writeBytes(bytes);
    }
}
