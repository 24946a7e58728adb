package belle.export.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What torch may write beyond plain tensors: views, shared storages, parameters, other protocols, zip64. */
class TorchLayoutsTest {
    /** Twelve floats 0, 1, … 11 as the only storage. */
    private static final byte[] STORAGE = TinyCheckpoints.stored(DType.F32, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);

    @TempDir
    Path dir = Path.of("");

    @Test
    void readsTransposedTensors() throws IOException {
        PickleBytes state = new PickleBytes().op('}').text("a");
        floats(state, 0, List.of(3L, 4L), List.of(1L, 3L)).op('s');
        assertThat(read(state)).containsEntry("a", "0 3 6 9 1 4 7 10 2 5 8 11");
    }

    @Test
    void readsSlicedRepeatedAndScalarTensors() throws IOException {
        PickleBytes state = new PickleBytes().op('}', '(').text("columns");
        floats(state, 1, List.of(3L, 2L), List.of(4L, 1L)).text("everySecond");
        floats(state, 0, List.of(6L), List.of(2L)).text("repeated");
        floats(state, 7, List.of(2L, 2L), List.of(0L, 1L)).text("scalar");
        floats(state, 11, List.of(), List.of()).text("none");
        floats(state, 12, List.of(0L), List.of(1L)).op('u');
        assertThat(read(state))
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        "columns", "1 2 5 6 9 10",
                        "everySecond", "0 2 4 6 8 10",
                        "repeated", "7 8 7 8",
                        "scalar", "11",
                        "none", ""));
    }

    @Test
    void readsParametersAndRememberedStorages() throws IOException {
        PickleBytes state = new PickleBytes()
                .op('}')
                .text("a")
                .global("torch._utils", "_rebuild_parameter")
                .op('(');
        state.global("torch._utils", "_rebuild_tensor_v2")
                .op('(')
                .storage("FloatStorage", "0", 12)
                .op('q', 5);
        state.integer(0)
                .sizes(List.of(2L))
                .sizes(List.of(1L))
                .op(0x89)
                .orderedDict()
                .op('t', 'R');
        state.op(0x88).orderedDict().op('t', 'R', 's').text("b");
        state.global("torch._utils", "_rebuild_tensor_v2").op('(', 'h', 5).integer(2);
        state.sizes(List.of(2L)).sizes(List.of(1L)).op(0x89).orderedDict().op('t', 'R', 's');
        assertThat(read(state)).containsEntry("a", "0 1").containsEntry("b", "2 3");
    }

    @Test
    void readsUntypedStorages() throws IOException {
        PickleBytes state = new PickleBytes()
                .op('}')
                .text("a")
                .global("torch._utils", "_rebuild_tensor_v3")
                .op('(');
        state.op('(')
                .text("storage")
                .global("torch.storage", "UntypedStorage")
                .text("0")
                .text("cpu")
                .integer(48);
        state.op('t', 'Q')
                .integer(3)
                .sizes(List.of(2L))
                .sizes(List.of(1L))
                .op(0x89)
                .orderedDict();
        state.global("torch", "float32").op('t', 'R', 's');
        assertThat(read(state)).containsEntry("a", "3 4");
    }

    @Test
    void readsProtocolFour() throws IOException {
        PickleBytes state = new PickleBytes()
                .op(0x80, 4, 0x95, 9, 0, 0, 0, 0, 0, 0, 0, '}', 0x94)
                .op(0x8c, 1, 'a');
        floats(state, 4, List.of(1L), List.of(1L)).op('s');
        assertThat(read(state)).containsEntry("a", "4");
    }

    @Test
    void readsZip64Archives() throws IOException {
        PickleBytes state = new PickleBytes().op('}').text("a");
        floats(state, 10, List.of(2L), List.of(1L)).op('s');
        Path file = dir.resolve("zip64.pt");
        Files.write(
                file, TorchBytes.zip("m", state.stop(), List.of(STORAGE), true).end());
        assertThat(read(file)).containsEntry("a", "10 11");
    }

    @Test
    void readsIntegersOfEveryWidth() throws IOException {
        PickleBytes state = new PickleBytes()
                .op('}')
                .text("a")
                .global("torch._utils", "_rebuild_tensor_v2")
                .op('(');
        state.storage("FloatStorage", "0", 12)
                .op('M', 9, 0)
                .op('(', 0x8a, 1, 2, 't')
                .op('K', 1, 0x85);
        state.op(0x89).orderedDict().op('}', 't', 'R', 's');
        assertThat(read(state)).containsEntry("a", "9 10");
    }

    private static PickleBytes floats(PickleBytes pickle, long offset, List<Long> shape, List<Long> strides) {
        return pickle.tensor("FloatStorage", "0", 12, offset, shape, strides);
    }

    private Map<String, String> read(PickleBytes state) throws IOException {
        Path file = dir.resolve("a.pt");
        Files.write(
                file, TorchBytes.zip("m", state.stop(), List.of(STORAGE), false).end());
        return read(file);
    }

    /** Reads each tensor element by element and all at once, which must agree, and prints its values. */
    private static Map<String, String> read(Path path) {
        Map<String, String> values = new TreeMap<>();
        try (SourceFile file = SourceFile.open(path)) {
            for (StoredTensor tensor : TorchArchive.read(file)) {
                int count = (int) StoredTensor.elements(tensor.shape());
                float[] all = new float[count];
                ByteBuffer bytes = ByteBuffer.allocate(count * Float.BYTES);
                tensor.read(0, bytes);
                Elements.toFloats(tensor.type(), bytes.rewind(), all, 0);
                StringBuilder text = new StringBuilder();
                for (int i = 0; i < count; i++) {
                    ByteBuffer one = ByteBuffer.allocate(Float.BYTES);
                    tensor.read(i, one);
                    float[] single = new float[1];
                    Elements.toFloats(tensor.type(), one.rewind(), single, 0);
                    assertThat(single[0]).isEqualTo(all[i]);
                    text.append(i == 0 ? "" : " ").append((int) single[0]);
                }
                values.put(tensor.name(), text.toString());
            }
        }
        return values;
    }
}
