package belle.scaling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import belle.export.bundle.ExportOptions;
import belle.export.bundle.Exporter;
import belle.export.bundle.RankMemory;
import belle.export.checkpoint.Progress;
import belle.proto.bundle.Bundle;
import belle.proto.bundle.PromptTemplates;
import belle.proto.bundle.Verification;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is calculated from a shape is what a bundle of that shape has. */
class RankWorkTest {
    @TempDir
    private static Path folder;

    @Test
    void ranksOfABundleHaveTheMemoryThatIsCalculated() {
        Path target = folder.resolve("belle-tiny");
        var options = new ExportOptions(target, false, Optional.empty(), PromptTemplates.BELLE, 0);
        Exporter.export(Path.of("src", "main", "model", "belle-tiny"), options, Progress.NONE);
        Bundle bundle = Bundle.open(target, Verification.STRUCTURE_ONLY);
        ModelShape shape = ModelShape.of(bundle.manifest());
        assertThat(RankMemory.of(bundle)).hasSizeGreaterThan(1).allSatisfy(rank -> {
            RankWork work = RankWork.of(shape, rank.rank(), rank.degree());
            assertThat(work.kvBytesPerToken()).isEqualTo(rank.kvBytesPerToken());
            assertThat(work.weightBytes()).isCloseTo(rank.weightBytes(), withinPercentage(3));
        });
    }
}
