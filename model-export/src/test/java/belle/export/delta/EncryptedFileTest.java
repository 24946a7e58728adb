package belle.export.delta;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import belle.export.checkpoint.Progress;
import belle.proto.FailureException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** BELLE's published form; the hashes are those of an independent program's files. */
class EncryptedFileTest {
    private static final int CHUNK = 10 << 20;

    @TempDir
    private Path dir;

    @ParameterizedTest
    @CsvSource({
        "26214400, 1, 204800, 2, 461bebf075e38f4236edc132764b162e4b348d589212e714f63d881745af86f0, f060bab87b6ba36c76cc2b8efde4ab3c0a8cddcc7b767f6e2914cd9536dc6538",
        "36700160, 3, 14680064, 4, 62e4638d56fa30a33b1fe8551dd0edcd054380790cac513c4f746c8adec64757, db75c1b840c025ea1f5774d60b8e1472e68994fe8c657f85e4d764f8da6f8d51",
        "0, 1, 7, 2, e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855, 5df6e0e2761359d30a8275058e299fcc0381534545f55cf43e41983f5d4c9456"
    })
    void theKeyRunsAsInThePublishedFiles(
            int bytes, int seed, int keyBytes, int keySeed, String plainHash, String encryptedHash) throws Exception {
        byte[] plain = formula(bytes, seed);
        byte[] key = formula(keyBytes, keySeed);
        assertThat(sha256(plain)).isEqualTo(plainHash);
        byte[] encrypted = encrypted(plain, key);
        assertThat(sha256(encrypted)).isEqualTo(encryptedHash);
        Path file = write("model.bin." + plainHash + ".enc", encrypted);
        Path out = EncryptedFile.of(file).orElseThrow().decrypt(write("key", key), dir.resolve("out"), Progress.NONE);
        assertThat(out).isEqualTo(dir.resolve("out/model.bin")).hasBinaryContent(plain);
    }

    @Test
    void nothingStaysBehindWhereTheKeyIsAnotherOne() throws Exception {
        byte[] plain = formula(100_000, 1);
        Path file = write("w.bin." + sha256(plain) + ".enc", encrypted(plain, formula(5000, 2)));
        EncryptedFile known = EncryptedFile.of(file).orElseThrow();
        Path other = write("other", formula(5000, 3));
        Path out = dir.resolve("deep/out");
        assertThatThrownBy(() -> known.decrypt(other, out, Progress.NONE))
                .isInstanceOf(FailureException.class)
                .hasMessageContaining("is not decrypted by " + other);
        assertThatThrownBy(() -> known.decrypt(dir.resolve("none"), out, Progress.NONE))
                .hasMessageContaining(dir.resolve("none") + ": no such file");
        assertThatThrownBy(() -> known.decrypt(dir, out, Progress.NONE)).hasMessageContaining("is a folder");
        assertThatThrownBy(() -> known.decrypt(write("empty", new byte[0]), out, Progress.NONE))
                .hasMessageContaining("is empty");
        assertThat(dir.resolve("deep")).doesNotExist();
        Path kept = Files.createDirectory(dir.resolve("kept"));
        assertThatThrownBy(() -> known.decrypt(other, kept, Progress.NONE)).isInstanceOf(FailureException.class);
        assertThat(kept).isEmptyDirectory();
    }

    @Test
    void whatAnotherIsDecryptingIsLeftToIt() throws Exception {
        byte[] plain = formula(1000, 1);
        byte[] key = formula(500, 2);
        EncryptedFile file = EncryptedFile.of(write("w.bin." + sha256(plain) + ".enc", encrypted(plain, key)))
                .orElseThrow();
        Path keyFile = write("key", key);
        Path partial = write(".w.bin.partial", new byte[] {1, 2, 3});
        try (FileChannel theirs = FileChannel.open(partial, StandardOpenOption.WRITE)) {
            assertThat(theirs.lock().isValid()).isTrue();
            assertThatThrownBy(() -> file.decrypt(keyFile, dir, Progress.NONE))
                    .hasMessageContaining("another process is decrypting to " + dir.resolve("w.bin"));
            assertThat(partial).hasBinaryContent(new byte[] {1, 2, 3});
        }
        assertThat(file.decrypt(keyFile, dir, Progress.NONE)).hasBinaryContent(plain);
    }

    @Test
    void aFolderThatAKilledProcessLeftIsDeletedByTheNextOne() throws Exception {
        byte[] plain = formula(1000, 1);
        byte[] key = formula(500, 2);
        Path published = Files.createDirectory(dir.resolve("published"));
        Files.write(published.resolve("w.bin." + sha256(plain) + ".enc"), encrypted(plain, key));
        Files.writeString(published.resolve("config.json"), "{}");
        Process ended = new ProcessBuilder("true").start();
        ended.waitFor();
        Path stale = Files.createDirectories(dir.resolve(".model.decrypted-" + ended.pid()));
        Files.write(stale.resolve("w.bin"), plain);
        Path others = Files.createDirectories(dir.resolve(".model.decrypted-notes"));
        Path temporary;
        try (var folder = DecryptedFolder.of(published, write("key", key), dir.resolve("model"), Progress.NONE)) {
            temporary = folder.path();
            assertThat(temporary.resolve("w.bin")).hasBinaryContent(plain);
            assertThat(temporary.resolve("config.json")).hasContent("{}");
            assertThat(stale).doesNotExist();
        }
        assertThat(temporary.getParent()).doesNotExist();
        assertThat(others).exists();
        assertThat(published.resolve("config.json")).exists();
    }

    @Test
    void aFileThatIsCutOrRenamedIsRefused() throws Exception {
        byte[] plain = formula(1000, 1);
        byte[] key = formula(500, 2);
        byte[] encrypted = encrypted(plain, key);
        Path keyFile = write("key", key);
        String hash = sha256(plain);
        assertThat(EncryptedFile.of(dir.resolve("w.bin"))).isEmpty();
        Path renamed = write("w.bin." + "0".repeat(64) + ".enc", encrypted);
        assertThatThrownBy(() -> EncryptedFile.of(renamed).orElseThrow().decrypt(keyFile, dir, Progress.NONE))
                .hasMessageContaining("announces another hash than its name has");
        Path cut = write("c.bin." + hash + ".enc", Arrays.copyOf(encrypted, 20));
        assertThatThrownBy(() -> EncryptedFile.of(cut).orElseThrow().decrypt(keyFile, dir, Progress.NONE))
                .hasMessageContaining("is too short: 20 bytes");
        Path whole = write("w.bin." + hash + ".enc", encrypted);
        EncryptedFile.of(whole).orElseThrow().decrypt(keyFile, dir, Progress.NONE);
        assertThatThrownBy(() -> EncryptedFile.of(whole).orElseThrow().decrypt(keyFile, dir, Progress.NONE))
                .hasMessageContaining("is already there");
    }

    /** byte[i] = (((i + seed) * 2654435761) mod 2^32 >> 13) & 255. */
    private static byte[] formula(int count, int seed) {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++) {
            bytes[i] = (byte) (((i + seed) * 2_654_435_761L & 0xffff_ffffL) >> 13);
        }
        return bytes;
    }

    private static byte[] encrypted(byte[] plain, byte[] key) throws Exception {
        byte[] all = new byte[32 + plain.length];
        System.arraycopy(MessageDigest.getInstance("SHA-256").digest(plain), 0, all, 0, 32);
        int keyAt = 0;
        for (int start = 0; start < plain.length; start += CHUNK) {
            keyAt = keyAt >= key.length ? 0 : keyAt;
            int part = Math.min(CHUNK, key.length - keyAt);
            for (int i = start; i < Math.min(start + CHUNK, plain.length); i++) {
                all[32 + i] = (byte) (plain[i] ^ key[keyAt + (i - start) % part]);
            }
            keyAt += part;
        }
        return all;
    }

    private static String sha256(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    private Path write(String name, byte[] bytes) throws IOException {
        return Files.write(dir.resolve(name), bytes);
    }
}
