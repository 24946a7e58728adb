package belle.export.bundle;

import static org.assertj.core.api.Assertions.assertThat;

import belle.export.checkpoint.Progress;
import belle.proto.bundle.Bundle;
import belle.proto.bundle.KvType;
import belle.proto.bundle.PromptTemplates;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random checkpoints of other shapes than the fixtures' give the reference's logits: in one prefill, and in pieces and
 * single tokens too. {@code make_reference.py} makes them; a few are kept here, and {@code -Dbelle.references=FOLDER}
 * adds all of a folder.
 */
final class ReferenceCheckpointsTest {
    private static final double LOGIT_TOLERANCE = 1e-3;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @MethodSource("checkpoints")
    void computesWhatTheReferenceComputes(Path checkpoint) throws Exception {
        var options = new ExportOptions(folder.resolve("bundle"), false, Optional.empty(), PromptTemplates.BELLE, 0);
        Bundle bundle = Exporter.export(checkpoint, options, Progress.NONE);
        Path expected = checkpoint.resolve("expected");
        int[] ids = Expected.ids(Expected.json(expected.resolve("ids.json")).path("ids"));
        float[][] reference = Objects.requireNonNull(
                Expected.matrices(expected.resolve("logits.safetensors")).get("every.fifth"));
        try (GraphProbe probe = GraphProbe.open(bundle, ids.length, KvType.F32, 2)) {
            float[][] whole = probe.run(ids, 0, ids.length);
            assertThat(Expected.difference(everyFifth(whole), reference))
                    .as("logits of one prefill")
                    .isLessThan(LOGIT_TOLERANCE);
            assertThat(inPieces(probe, ids)).as("logits of the same in pieces").isDeepEqualTo(whole);
        }
    }

    static List<Path> checkpoints() throws Exception {
        List<Path> all = new ArrayList<>(
                folders(Path.of(Objects.requireNonNull(ReferenceCheckpointsTest.class.getResource("/references"))
                        .toURI())));
        String more = System.getProperty("belle.references", "");
        if (!more.isEmpty()) {
            all.addAll(folders(Path.of(more)));
        }
        return all;
    }

    private static List<Path> folders(Path parent) throws Exception {
        try (Stream<Path> entries = Files.list(parent)) {
            return entries.filter(Files::isDirectory).sorted().toList();
        }
    }

    /** A first piece of 7 tokens, then one by one. */
    private static float[][] inPieces(GraphProbe probe, int[] ids) throws Exception {
        List<float[]> rows = new ArrayList<>(List.of(probe.run(Arrays.copyOf(ids, 7), 0, 7)));
        for (int past = 7; past < ids.length; past++) {
            rows.add(probe.run(new int[] {ids[past]}, past, 1)[0]);
        }
        return rows.toArray(float[][]::new);
    }

    private static float[][] everyFifth(float[][] rows) {
        List<float[]> fifths = new ArrayList<>();
        for (int row = 4; row < rows.length; row += 5) {
            fifths.add(rows[row]);
        }
        return fifths.toArray(float[][]::new);
    }
}
