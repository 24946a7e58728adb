package belle.export.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import belle.export.checkpoint.TinyCheckpoints.Form;
import belle.export.checkpoint.TinyCheckpoints.Recipe;
import belle.proto.Failure;
import belle.proto.FailureException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Random damage: whatever happens to a file, it is read or refused in one line, and nothing else happens. */
class MutatedCheckpointsTest {
    private static final long SEED = Long.getLong("seed", 1);
    private static final int ROUNDS = Integer.getInteger("rounds", 150);
    private static final int HEAD_BYTES = 4000;

    @TempDir
    Path dir = Path.of("");

    @ParameterizedTest
    @EnumSource(Form.class)
    void readsOrRefuses(Form form) throws IOException {
        TinyCheckpoints.write(dir, new Recipe(TinyCheckpoints.llama(), form, DType.F16, false, 7));
        List<Path> files;
        try (var listed = Files.list(dir)) {
            files = listed.sorted().toList();
        }
        int refused = 0;
        for (long seed = SEED; seed < SEED + ROUNDS; seed++) {
            Random random = new Random(seed);
            Path file = files.get(random.nextInt(files.size()));
            byte[] sound = Files.readAllBytes(file);
            Files.write(file, mutated(sound, random));
            refused += isRefused(seed) ? 1 : 0;
            Files.write(file, sound);
        }
        assertThat(refused).isGreaterThan(ROUNDS / 4);
        Refused.readAll(dir);
    }

    private boolean isRefused(long seed) {
        try {
            Refused.readAll(dir);
            return false;
        } catch (FailureException e) {
            assertThat(e.failure()).as("-Dseed=" + seed).isInstanceOf(Failure.Broken.class);
            assertThat(e.getMessage()).as("-Dseed=" + seed).hasLineCount(1);
            return true;
        } catch (RuntimeException | Error e) {
            throw new AssertionError("-Dseed=" + seed, e);
        }
    }

    /** Most damage goes where the descriptions stand: to the beginning and, for zip files, the end. */
    private static byte[] mutated(byte[] sound, Random random) {
        byte[] bytes = sound.clone();
        int near = Math.min(HEAD_BYTES, bytes.length);
        switch (random.nextInt(5)) {
            case 0 -> bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length));
            case 1 -> flip(bytes, random.nextInt(near), random);
            case 2 -> flip(bytes, bytes.length - 1 - random.nextInt(near), random);
            case 3 -> {
                for (int i = 0; i < 8; i++) {
                    flip(bytes, random.nextInt(near), random);
                }
            }
            default -> {
                int from = random.nextInt(near);
                int to = random.nextInt(near);
                System.arraycopy(sound, from, bytes, to, Math.min(16, near - Math.max(from, to)));
            }
        }
        return bytes;
    }

    private static void flip(byte[] bytes, int at, Random random) {
        bytes[at] = (byte) (random.nextBoolean() ? bytes[at] ^ 1 << random.nextInt(8) : random.nextInt());
    }
}
