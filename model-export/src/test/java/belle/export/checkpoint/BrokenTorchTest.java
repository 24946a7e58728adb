package belle.export.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import belle.export.checkpoint.TinyCheckpoints.Form;
import belle.export.checkpoint.TinyCheckpoints.Recipe;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged and malicious torch files beside a sound configuration. */
class BrokenTorchTest {
    private static final String FILE = "pytorch_model.bin";
    private static final String NORM = "model.norm.weight";

    @TempDir
    Path dir = Path.of("");

    @BeforeEach
    void writeSoundCheckpoint() {
        TinyCheckpoints.write(dir, new Recipe(TinyCheckpoints.llama(), Form.TORCH, DType.F16, false, 7));
    }

    @Test
    void refusesTheFormatBeforeZip() throws IOException {
        Files.write(dir.resolve(FILE), HexFormat.of().parseHex("80028a0a6cfc9c46f9206aa850192e80024de9032e"));
        Refused.by(dir, FILE, "format", "torch before 1.6");
    }

    @Test
    void refusesWhatIsNoZip() throws IOException {
        Files.writeString(dir.resolve(FILE), "<!DOCTYPE html><title>404</title>");
        Refused.by(dir, FILE, "format", "is not a torch zip file");
        Files.writeString(dir.resolve(FILE), "P");
        Refused.by(dir, FILE, "magic", "the file ends at byte 1");
    }

    @Test
    void refusesGitLfsPointers() throws IOException {
        Files.writeString(dir.resolve(FILE), "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 13\n");
        Refused.by(dir, FILE, "file", "is a Git LFS pointer");
    }

    @Test
    void refusesAZipCutAnywhere() throws IOException {
        byte[] sound = Files.readAllBytes(dir.resolve(FILE));
        for (int bytes : new int[] {30, 1000, sound.length / 2, sound.length - 100, sound.length - 1}) {
            Files.write(dir.resolve(FILE), Arrays.copyOf(sound, bytes));
            Refused.by(dir, FILE, "zip", "it has no end record: cut file?");
        }
    }

    @Test
    void refusesAZipWithAHoleInTheMiddle() throws IOException {
        byte[] sound = Files.readAllBytes(dir.resolve(FILE));
        byte[] holed = Arrays.copyOf(sound, sound.length - 5000);
        System.arraycopy(sound, 10_000, holed, 5000, sound.length - 10_000);
        Files.write(dir.resolve(FILE), holed);
        Refused.by(dir, FILE, "zip", "");
    }

    @Test
    void refusesCompressedEntries() throws IOException {
        write(new ZipBytes(false).add("m/data.pkl", new byte[100], 8, 0, 1L << 31));
        Refused.by(dir, FILE, "zip", "entry m/data.pkl is compressed (method 8)");
    }

    @Test
    void refusesAStoredEntryThatClaimsToGrow() throws IOException {
        write(new ZipBytes(true).add("m/data.pkl", new byte[100], 0, 0, 1L << 40));
        Refused.by(dir, FILE, "zip", "entry m/data.pkl has two sizes, 1099511627776 and 100");
    }

    @Test
    void refusesEncryptedEntries() throws IOException {
        write(new ZipBytes(false).add("m/data.pkl", new byte[100], 0, 1, 100));
        Refused.by(dir, FILE, "zip", "entry m/data.pkl is encrypted");
    }

    @Test
    void refusesEntriesThatAreThereTwice() throws IOException {
        write(new ZipBytes(false).add("m/data.pkl", "a").add("m/data.pkl", "b"));
        Refused.by(dir, FILE, "zip", "entry m/data.pkl is there twice");
    }

    @Test
    void refusesAnArchiveWithoutOnePickle() throws IOException {
        write(new ZipBytes(false).add("m/version", "3"));
        Refused.by(dir, FILE, "data.pkl", "this one has 0");
        write(new ZipBytes(false).add("a/data.pkl", ".").add("b/data.pkl", "."));
        Refused.by(dir, FILE, "data.pkl", "this one has 2");
    }

    @Test
    void refusesBigEndianFilesAndPrograms() throws IOException {
        write(new ZipBytes(false).add("m/data.pkl", ".").add("m/byteorder", "big"));
        Refused.by(dir, FILE, "byteorder", "little is known, given big");
        write(new ZipBytes(false).add("m/data.pkl", ".").add("m/constants.pkl", "."));
        Refused.by(dir, FILE, "constants.pkl", "a TorchScript program is not a checkpoint");
    }

    @Test
    void refusesAPickleOverTheLimit() throws IOException {
        write(new ZipBytes(false).add("m/data.pkl", new byte[(16 << 20) + 1]));
        Refused.by(dir, FILE, "data.pkl", "limit 16777216 bytes, given 16777217");
    }

    @Test
    void refusesAStorageThatIsNotThere() throws IOException {
        writePickle(state(tensor("HalfStorage", "17", 64, 0, List.of(64L), List.of(1L))));
        Refused.by(dir, FILE, NORM, "its storage data/17 is missing");
    }

    @Test
    void refusesAStorageOfAnotherSize() throws IOException {
        writePickle(state(tensor("HalfStorage", "0", 65, 0, List.of(64L), List.of(1L))));
        Refused.by(dir, FILE, NORM, "its storage data/0 has 128 bytes, 65 F16 elements were announced");
        writePickle(state(tensor("HalfStorage", "0", Long.MAX_VALUE, 0, List.of(64L), List.of(1L))));
        Refused.by(dir, FILE, "data.pkl", "that is not a storage");
    }

    @Test
    void refusesTensorsThatLeaveTheirStorage() throws IOException {
        writePickle(state(tensor("HalfStorage", "0", 64, 1, List.of(64L), List.of(1L))));
        Refused.by(dir, FILE, NORM, "reaches element 65 of a storage with 64");
        writePickle(state(tensor("HalfStorage", "0", 64, 0, List.of(64L), List.of(2L))));
        Refused.by(dir, FILE, NORM, "reaches element 127 of a storage with 64");
        writePickle(state(tensor("HalfStorage", "0", 64, Long.MAX_VALUE, List.of(64L), List.of(1L))));
        Refused.by(dir, FILE, NORM, "overflows");
        writePickle(state(tensor("HalfStorage", "0", 64, 0, List.of(1L << 40, 1L << 40), List.of(0L, 0L))));
        Refused.by(dir, FILE, NORM, "overflows");
        writePickle(state(tensor("HalfStorage", "0", 64, -1, List.of(64L), List.of(1L))));
        Refused.by(dir, FILE, "data.pkl", "calls torch._utils._rebuild_tensor_v2");
    }

    @Test
    void refusesTensorsOfOtherShapesAndTypes() throws IOException {
        writePickle(state(tensor("LongStorage", "0", 16, 0, List.of(16L), List.of(1L))));
        Refused.by(dir, dir.getFileName().toString(), "model.embed_tokens.weight", "is missing");
        writePickle(new PickleBytes().op('}').text("model.embed_tokens.weight").op(0x88, 's'));
        Refused.by(dir, FILE, "model.embed_tokens.weight", "is a bool, not a tensor");
        writePickle(new PickleBytes().op('}').text("state_dict").op('}', 's'));
        Refused.by(dir, FILE, "state_dict", "is a dict, not a tensor");
        writePickle(new PickleBytes().op(']'));
        Refused.by(dir, FILE, "data.pkl", "holds a sequence, not a dict of tensors");
    }

    @Test
    void refusesEverythingThatCouldRunAndRunsNothing() throws IOException {
        Path trace = dir.resolve("trace");
        for (String name : List.of(
                "os.system",
                "posix.system",
                "builtins.eval",
                "builtins.exec",
                "builtins.getattr",
                "subprocess.Popen",
                "torch.load",
                "torch._utils._rebuild_device_tensor_from_numpy",
                "java.lang.Runtime.exec")) {
            int dot = name.lastIndexOf('.');
            writePickle(new PickleBytes()
                    .global(name.substring(0, dot), name.substring(dot + 1))
                    .text("touch " + trace)
                    .op(0x85, 'R'));
            Refused.by(dir, FILE, "data.pkl", "asks for " + name + ", which no state dict needs; nothing was run");
        }
        assertThat(trace).doesNotExist();
    }

    @Test
    void refusesNamesThatComeByOtherOpcodes() throws IOException {
        writePickle(new PickleBytes().text("os").text("system").op(0x93));
        Refused.by(dir, FILE, "data.pkl", "asks for os.system");
        writePickle(new PickleBytes().op('(').text("true").op(ascii("ios\nsystem\n")));
        Refused.by(dir, FILE, "data.pkl", "asks for os.system");
        writePickle(new PickleBytes().op(0x82, 1));
        Refused.by(dir, FILE, "data.pkl", "opcode 0x82 at byte 2 is not part of a state dict");
        writePickle(new PickleBytes().global("collections", "OrderedDict").op(')', 0x81));
        Refused.by(dir, FILE, "data.pkl", "opcode 0x81");
    }

    @Test
    void refusesACallInsideATensorsArguments() throws IOException {
        writePickle(new PickleBytes()
                .global("torch._utils", "_rebuild_parameter")
                .op('(')
                .global("builtins", "eval")
                .text("1")
                .op(0x85, 'R', 't', 'R'));
        Refused.by(dir, FILE, "data.pkl", "asks for builtins.eval");
    }

    @Test
    void refusesKnownNamesCalledInUnknownWays() throws IOException {
        writePickle(new PickleBytes().global("torch", "HalfStorage").op(')', 'R'));
        Refused.by(dir, FILE, "data.pkl", "calls torch.HalfStorage");
        writePickle(
                new PickleBytes().global("torch._utils", "_rebuild_tensor_v2").op(')', 'R'));
        Refused.by(dir, FILE, "data.pkl", "calls torch._utils._rebuild_tensor_v2");
        writePickle(new PickleBytes().text("a").op(')', 'R'));
        Refused.by(dir, FILE, "data.pkl", "calls a text");
        writePickle(new PickleBytes().orderedDict().text("x").op('b'));
        Refused.by(dir, FILE, "data.pkl", "sets attributes of a dict");
    }

    @Test
    void refusesPicklesCutAnywhere() throws IOException {
        byte[] pickle = state(tensor("HalfStorage", "0", 64, 0, List.of(64L), List.of(1L)))
                .stop();
        for (int bytes = 0; bytes < pickle.length; bytes++) {
            write(TorchBytes.zip("m", Arrays.copyOf(pickle, bytes), List.of(new byte[128]), false));
            Refused.by(dir, FILE, "data.pkl", "cut: ");
        }
    }

    @Test
    void refusesPicklesThatBreakTheStackMachine() throws IOException {
        writePickle(new PickleBytes());
        Refused.by(dir, FILE, "data.pkl", "needs 1 values");
        writePickle(new PickleBytes().op('t'));
        Refused.by(dir, FILE, "data.pkl", "closes a mark at byte 2 that is not open");
        writePickle(new PickleBytes().op('h', 9));
        Refused.by(dir, FILE, "data.pkl", "recalls value 9, which was never remembered");
        writePickle(new PickleBytes().op('X', 0xff, 0xff, 0xff, 0xff));
        Refused.by(dir, FILE, "data.pkl", "a count of 4294967295");
        writePickle(new PickleBytes().op('X', 0xff, 0xff, 0xff, 0x7f));
        Refused.by(dir, FILE, "data.pkl", "cut: 2147483647 bytes are needed");
        writePickle(new PickleBytes().op(0x8a, 255));
        Refused.by(dir, FILE, "data.pkl", "an integer of 255 bytes");
        writePickle(new PickleBytes().op(0x80, 9));
        Refused.by(dir, FILE, "data.pkl", "pickle protocol 9");
        writePickle(new PickleBytes().op('}', ']', 'N', 's'));
        Refused.by(dir, FILE, "data.pkl", "a sequence as a key");
        writePickle(new PickleBytes().op('c').op(ascii("a".repeat(300))));
        Refused.by(dir, FILE, "data.pkl", "a name of more than 200 characters");
    }

    @Test
    void refusesPicklesThatGrowWithoutEnd() throws IOException {
        write(TorchBytes.zip("m", repeated('(', 2_000_000), List.of(), false));
        Refused.by(dir, FILE, "data.pkl", "more than 1000 open marks");
        write(TorchBytes.zip("m", repeated('N', 8_000_000), List.of(), false));
        Refused.by(dir, FILE, "data.pkl", "more than 4194304 opcodes");
        byte[] memo = repeated(0x94, 3_000_000);
        memo[2] = 'N';
        write(TorchBytes.zip("m", memo, List.of(), false));
        Refused.by(dir, FILE, "data.pkl", "more than 1048576 remembered values");
    }

    @Test
    void refusesAListInsideItselfWithoutFollowingIt() throws IOException {
        writePickle(new PickleBytes().op('}').text("loop").op(']', 'q', 0, 'h', 0, 'a', 's'));
        Refused.by(dir, FILE, "loop", "is a sequence, not a tensor");
    }

    @Test
    void refusesANameThatIsThereTwice() throws IOException {
        writePickle(new PickleBytes().op('}').text("a").op('N', 's').text("a").op('N', 's'));
        Refused.by(dir, FILE, "data.pkl", "key a is there twice");
    }

    private static PickleBytes state(PickleBytes tensor) {
        return tensor.op('s');
    }

    private static PickleBytes tensor(
            String storageClass, String key, long elements, long offset, List<Long> shape, List<Long> strides) {
        return new PickleBytes().op('}').text(NORM).tensor(storageClass, key, elements, offset, shape, strides);
    }

    private static byte[] repeated(int opcode, int count) {
        byte[] pickle = new byte[count];
        Arrays.fill(pickle, (byte) opcode);
        pickle[0] = (byte) 0x80;
        pickle[1] = 2;
        return pickle;
    }

    private static int[] ascii(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        int[] codes = new int[bytes.length];
        Arrays.setAll(codes, i -> bytes[i]);
        return codes;
    }

    private void writePickle(PickleBytes pickle) throws IOException {
        write(TorchBytes.zip("m", pickle.stop(), List.of(new byte[128]), false));
    }

    private void write(ZipBytes zip) throws IOException {
        Files.write(dir.resolve(FILE), zip.end());
    }
}
