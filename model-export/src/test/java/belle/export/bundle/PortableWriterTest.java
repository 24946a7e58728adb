package belle.export.bundle;

import static org.assertj.core.api.Assertions.assertThat;

import belle.export.checkpoint.Progress;
import belle.export.graph.PortableTensor;
import belle.export.graph.PortableTensor.Format;
import belle.proto.bundle.Manifest.TensorEntry;
import belle.proto.bundle.WeightType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** portable.bin has the numbers of weights.bin, in ONNX's order. */
class PortableWriterTest {
    private static final int GROUP = 32;
    private static final int OUTPUTS = 70;
    private static final int INPUTS = 40;
    private static final int GROUPS = 2;

    @TempDir
    private Path folder;

    @Test
    void packsCodesAndZerosOfFourBits() throws IOException {
        var entry = entry(WeightType.Q4, List.of());
        Path weights = quantised(15);
        ByteBuffer codes = write(weights, entry, Format.CODES_4, OUTPUTS * GROUPS * GROUP / 2);
        assertThat(codes.get(3 * GROUPS * GROUP / 2 + 10) & 0xff).isEqualTo(code(3, 20) | code(3, 21) << 4);
        assertThat(codes.get(69 * GROUPS * GROUP / 2 + 19) & 0xff).isEqualTo(code(69, 38) | code(69, 39) << 4);
        ByteBuffer zeros = write(weights, entry, Format.ZEROS_4, OUTPUTS);
        assertThat(zeros.get(65) & 0xff).isEqualTo(zero(65, 0, 15) | zero(65, 1, 15) << 4);
        ByteBuffer scales = write(weights, entry, Format.SCALES_F32, OUTPUTS * GROUPS * Float.BYTES);
        assertThat(scales.getFloat((66 * GROUPS + 1) * Float.BYTES)).isEqualTo(scale(66, 1));
        assertThat(PortableWriter.wideZeros(weights, Map.of("m", entry), GROUP)).isEmpty();
    }

    /** BELLE's GPTQ has zeros of 1 to 16. */
    @Test
    void aZeroThatFourBitsCannotHoldTakesEight() throws IOException {
        var entry = entry(WeightType.Q4, List.of());
        Path weights = quantised(16);
        assertThat(PortableWriter.wideZeros(weights, Map.of("m", entry), GROUP)).containsExactly("m");
        ByteBuffer codes = write(weights, entry, Format.CODES_8, OUTPUTS * GROUPS * GROUP);
        assertThat(codes.get(5 * GROUPS * GROUP + 37)).isEqualTo((byte) code(5, 37));
        ByteBuffer zeros = write(weights, entry, Format.ZEROS_8, OUTPUTS * GROUPS);
        assertThat(zeros.get(5 * GROUPS + 1)).isEqualTo((byte) zero(5, 1, 16));
    }

    @Test
    void turnsTilesAndLeavesIntoRows() throws IOException {
        List<Integer> leaves = List.of(0, 0, 8, 8, 16, 24, 24, 32, INPUTS);
        var entry = entry(WeightType.F32, leaves);
        ByteBuffer tiled = ByteBuffer.allocate((int) entry.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (int leaf = 0; leaf < 8; leaf++) {
            for (int tile = 0; tile < 2; tile++) {
                for (int input = leaves.get(leaf); input < leaves.get(leaf + 1); input++) {
                    for (int output = 64 * tile; output < 64 * (tile + 1); output++) {
                        tiled.putFloat(1000f * output + input);
                    }
                }
            }
        }
        Path weights = Files.write(folder.resolve("weights"), tiled.array());
        ByteBuffer rows = write(weights, entry, Format.F32, OUTPUTS * INPUTS * Float.BYTES);
        for (int output = 0; output < OUTPUTS; output++) {
            for (int input = 0; input < INPUTS; input++) {
                assertThat(rows.getFloat((output * INPUTS + input) * Float.BYTES))
                        .isEqualTo(1000f * output + input);
            }
        }
    }

    private static TensorEntry entry(WeightType type, List<Integer> leaves) {
        List<Integer> dims = List.of(OUTPUTS, INPUTS);
        long bytes = type.bytes("tiles64", dims, type.isQuantised() ? GROUP : 0);
        return new TensorEntry(0, bytes, type.label(), "tiles64", dims, leaves);
    }

    /** A file as docs/bundle.md describes it. */
    private Path quantised(int largestZero) throws IOException {
        ByteBuffer file = ByteBuffer.allocate(
                        (int) entry(WeightType.Q4, List.of()).bytes())
                .order(ByteOrder.LITTLE_ENDIAN);
        for (int tile = 0; tile < 2; tile++) {
            for (int group = 0; group < GROUPS; group++) {
                for (int input = group * GROUP; input < (group + 1) * GROUP; input += 8) {
                    for (int output = 64 * tile; output < 64 * (tile + 1); output++) {
                        for (int i = input; i < input + 4; i++) {
                            file.put((byte) (code(output, i) | code(output, i + 4) << 4));
                        }
                    }
                }
                for (int output = 64 * tile; output < 64 * (tile + 1); output++) {
                    file.putFloat(scale(output, group));
                }
                for (int output = 64 * tile; output < 64 * (tile + 1); output++) {
                    file.put((byte) zero(output, group, largestZero));
                }
            }
        }
        return Files.write(folder.resolve("weights"), file.array());
    }

    private static int code(int output, int input) {
        return (5 * output + 3 * input) % 16;
    }

    private static float scale(int output, int group) {
        return 0.001f * (output + 1) + group;
    }

    private static int zero(int output, int group, int largest) {
        return (output + group) % (largest + 1);
    }

    private ByteBuffer write(Path weights, TensorEntry entry, Format format, int bytes) throws IOException {
        Path target = folder.resolve("portable");
        var tensor = new PortableTensor("m", format, List.of("m"), 0, bytes);
        var meter = new ExportMeter(Progress.NONE, bytes);
        int group = entry.type().equals("q4") ? GROUP : 0;
        PortableWriter.write(weights, Map.of("m", entry), group, List.of(tensor), target, meter);
        return ByteBuffer.wrap(Files.readAllBytes(target)).order(ByteOrder.LITTLE_ENDIAN);
    }
}
