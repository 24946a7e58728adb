package belle.proto.bundle;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A stamp vouches for one state of one file. */
final class VerifiedStampsTest {
    @TempDir
    private Path folder;

    @Test
    void vouchesUntilTheFileOrTheManifestChanges() throws Exception {
        Path weights = Files.writeString(folder.resolve("weights.bin"), "12345678");
        byte[] manifest = {1};
        VerifiedStamps stamps = new VerifiedStamps(folder.resolve("cache"));
        String identity = VerifiedStamps.identity(manifest, weights);
        assertThat(stamps.holds(weights, identity)).isFalse();
        stamps.put(weights, identity);
        assertThat(stamps.holds(weights, identity)).isTrue();
        assertThat(VerifiedStamps.identity(new byte[] {2}, weights)).isNotEqualTo(identity);
        Files.setLastModifiedTime(weights, FileTime.fromMillis(1));
        assertThat(stamps.holds(weights, VerifiedStamps.identity(manifest, weights)))
                .isFalse();
    }

    @Test
    void aCacheThatCannotBeWrittenOnlyForgets() throws Exception {
        Path weights = Files.writeString(folder.resolve("weights.bin"), "12345678");
        VerifiedStamps stamps = new VerifiedStamps(weights);
        stamps.put(weights, "identity");
        assertThat(stamps.holds(weights, "identity")).isFalse();
    }
}
