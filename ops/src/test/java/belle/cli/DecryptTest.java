package belle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import belle.conformance.Fixture;
import belle.proto.bundle.Bundle;
import belle.proto.bundle.Verification;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** BELLE's encrypted files through the command line, alone and as a checkpoint to export. */
class DecryptTest {
    private static final Path CHECKPOINT = Path.of("src", "main", "model", "belle-tiny");

    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private Path key = Path.of("");
    private Path other = Path.of("");

    @BeforeEach
    void keys() throws IOException {
        key = Files.write(folder.resolve("consolidated.00.pth"), formula(70_001, 2));
        other = Files.write(folder.resolve("other.pth"), formula(70_001, 3));
    }

    @Test
    void aFileIsDecryptedWithItsHashAndItsProgressTold() throws Exception {
        byte[] plain = formula(300_000, 1);
        Path file = encrypted(folder, "weights.bin", plain);
        assertThat(run("decrypt", file, key, "--out", folder.resolve("a/plain")))
                .as(err.toString())
                .isZero();
        assertThat(folder.resolve("a/plain/weights.bin")).hasBinaryContent(plain);
        assertThat(out.toString())
                .isEqualTo(folder.resolve("a/plain/weights.bin") + ": its SHA-256 is the announced one\n");
        assertThat(err.toString()).contains("  0%", "100%", "300 kB of 300 kB");
        assertThat(names(folder.resolve("a/plain"))).containsExactly("weights.bin");
    }

    @Test
    void thePublishedFormsReferenceIsDecrypted() throws Exception {
        var fixture = Fixture.named("xor-delta");
        var expected = new ObjectMapper()
                .readTree(fixture.folder().resolve("expected.json").toFile());
        Path file = fixture.folder().resolve(expected.get("file").asText());
        Path original = fixture.folder().resolve("consolidated.00.pth");
        assertThat(run("decrypt", file, original, "--out", folder))
                .as(err.toString())
                .isZero();
        byte[] plain =
                Files.readAllBytes(folder.resolve(expected.get("decrypted_name").asText()));
        assertThat(sha256(plain)).isEqualTo(expected.get("plain_sha256").asText());
    }

    @Test
    void decryptRefusesInOneLineAndLeavesNothingBehind() throws Exception {
        Path file = encrypted(folder, "weights.bin", formula(300_000, 1));
        List<String> before = names(folder);
        Path target = folder.resolve("b/plain");
        refused(
                List.of("is not decrypted by " + other, "the key is another file"),
                "decrypt",
                file,
                other,
                "--out",
                target);
        refused(
                List.of(folder + "/none.pth: no such file"),
                "decrypt",
                file,
                folder.resolve("none.pth"),
                "--out",
                target);
        Path missing = folder.resolve("gone.bin." + "0".repeat(64) + ".enc");
        refused(List.of(missing + ": no such file"), "decrypt", missing, key, "--out", target);
        refused(List.of(folder + ": ", "is a folder"), "decrypt", file, folder, "--out", target);
        refused(
                List.of(key + " is not named", "NAME.<64 hexadecimal digits>.enc"),
                "decrypt",
                key,
                key,
                "--out",
                target);
        refused(List.of(key + ": is there already"), "decrypt", file, key, "--out", key);
        assertThat(names(folder)).isEqualTo(before);
        Path taken = Files.writeString(folder.resolve("weights.bin"), "mine");
        refused(List.of(taken + " is already there"), "decrypt", file, key, "--out", folder);
        assertThat(taken).hasContent("mine");
        assertThat(run("decrypt", file, key)).isEqualTo(2);
    }

    @Test
    void anEncryptedFolderBecomesTheBundleOfThePlainOne() throws Exception {
        Path published = published();
        Path made = folder.resolve("new/made");
        assertThat(run("export", published, "--key", key, "--out", made))
                .as(err.toString())
                .isZero();
        assertThat(err.toString()).contains("100%");
        assertThat(names(folder.resolve("new"))).containsExactly("made");
        Path plain = folder.resolve("plain");
        assertThat(run("export", CHECKPOINT, "--out", plain)).as(err.toString()).isZero();
        assertThat(run("verify", made)).isZero();
        var ours = Bundle.open(made, Verification.STRUCTURE_ONLY).manifest();
        var theirs = Bundle.open(plain, Verification.STRUCTURE_ONLY).manifest();
        assertThat(ours.files()).isEqualTo(theirs.files());
        assertThat(ours.source().sha256()).isEqualTo(theirs.source().sha256());
        assertThat(ours.source().checkpoint()).isEqualTo("published");
    }

    @Test
    void exportWithAKeyRefusesInOneLineAndLeavesNothingBehind() throws Exception {
        Path published = published();
        Path made = folder.resolve("new/made");
        List<String> before = names(folder);
        refused(List.of("is not decrypted by " + other), "export", published, "--key", other, "--out", made);
        refused(
                List.of(folder + "/none.pth: no such file"),
                "export",
                published,
                "--key",
                folder.resolve("none.pth"),
                "--out",
                made);
        refused(
                List.of(CHECKPOINT + " has no file NAME.<sha256>.enc"),
                "export",
                CHECKPOINT,
                "--key",
                key,
                "--out",
                made);
        refused(List.of("no-such: no such file or folder"), "export", "no-such", "--key", key, "--out", made);
        refused(List.of(key + ": is no folder"), "export", key, "--key", key, "--out", made);
        assertThat(names(folder)).isEqualTo(before);
    }

    @Test
    void whatCannotBeExportedIsRefusedBeforeAnythingIsDecrypted() throws Exception {
        Path published = published();
        Path taken = Files.createDirectory(folder.resolve("taken"));
        List<String> before = names(folder);
        refused(List.of(taken + " exists and is no bundle"), "export", published, "--key", key, "--out", taken);
        assertThat(err.toString()).doesNotContain("%");
        Path made = folder.resolve("made");
        refused(List.of("'f8' is none of"), "export", published, "--key", key, "--out", made, "--weights", "f8");
        assertThat(err.toString()).doesNotContain("%");
        assertThat(names(folder)).isEqualTo(before);
    }

    /** The small model that ships with the program as BELLE publishes its own: every file encrypted. */
    private Path published() throws Exception {
        Path published = Files.createDirectory(folder.resolve("published"));
        try (Stream<Path> files = Files.list(CHECKPOINT)) {
            for (Path file : files.toList()) {
                encrypted(published, file.getFileName().toString(), Files.readAllBytes(file));
            }
        }
        return published;
    }

    /** Written here once more, from the description of the format: no chunk is shorter than these files. */
    private Path encrypted(Path into, String name, byte[] plain) throws Exception {
        byte[] with = Files.readAllBytes(key);
        byte[] all = new byte[32 + plain.length];
        System.arraycopy(MessageDigest.getInstance("SHA-256").digest(plain), 0, all, 0, 32);
        for (int i = 0; i < plain.length; i++) {
            all[32 + i] = (byte) (plain[i] ^ with[i % with.length]);
        }
        return Files.write(into.resolve(name + "." + sha256(plain) + ".enc"), all);
    }

    private void refused(List<String> words, Object... arguments) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        assertThat(run(arguments)).as(err.toString()).isEqualTo(1);
        List<String> said =
                err.toString().lines().filter(line -> !line.contains("%  ")).toList();
        assertThat(said).as(err.toString()).hasSize(1);
        assertThat(said.getFirst()).startsWith("belle: ").contains(words).doesNotContain("Exception");
        assertThat(out.toString()).isEmpty();
    }

    private int run(Object... arguments) {
        return Main.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(Stream.of(arguments).map(Object::toString).toArray(String[]::new));
    }

    private static List<String> names(Path of) throws IOException {
        try (Stream<Path> entries = Files.list(of)) {
            return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
        }
    }

    private static byte[] formula(int count, int seed) {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++) {
            bytes[i] = (byte) (((i + seed) * 2_654_435_761L & 0xffff_ffffL) >> 13);
        }
        return bytes;
    }

    private static String sha256(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }
}
