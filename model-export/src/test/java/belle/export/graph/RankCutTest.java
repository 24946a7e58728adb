package belle.export.graph;

import static org.assertj.core.api.Assertions.assertThat;

import belle.proto.bundle.Leaves;
import belle.proto.bundle.Manifest.Architecture;
import belle.proto.bundle.Manifest.TensorEntry;
import belle.proto.bundle.RankShare;
import belle.proto.bundle.RankShare.Range;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The ranks' parts lie behind one another and are the whole. */
final class RankCutTest {
    private static final TensorEntry OUTPUTS =
            new TensorEntry(8192, 1024L * 256 * 2, "f16", "tiles64", List.of(1024, 256), List.of());
    private static final TensorEntry LEAVES =
            new TensorEntry(4096, 256L * 688 * 2, "f16", "tiles64", List.of(256, 688), Leaves.mlp(688, 0));

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 8})
    void outputsOfAllRanksAreTheMatrix(int degree) {
        long next = OUTPUTS.offset();
        for (int rank = 0; rank < degree; rank++) {
            RankCut.Part part = RankCut.outputs(OUTPUTS, new Range(rank * 1024 / degree, (rank + 1) * 1024 / degree));
            assertThat(part.offset()).isEqualTo(next);
            assertThat(part.bytes()).isEqualTo(2L * part.outputs() * part.inputs());
            next += part.bytes();
        }
        assertThat(next).isEqualTo(OUTPUTS.offset() + OUTPUTS.bytes());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 8})
    void leavesOfAllRanksAreTheMatrix(int degree) {
        long next = LEAVES.offset();
        int inputs = 0;
        for (int rank = 0; rank < degree; rank++) {
            RankCut.Part part = new RankCut(share(rank, degree)).leaves(LEAVES, 0);
            assertThat(part.offset()).isEqualTo(next);
            assertThat(part.leafInputs()).hasSize(Leaves.COUNT / degree + 1).startsWith(0);
            assertThat(part.leafInputs()).endsWith(part.inputs());
            next += part.bytes();
            inputs += part.inputs();
        }
        assertThat(next).isEqualTo(LEAVES.offset() + LEAVES.bytes());
        assertThat(inputs).isEqualTo(688);
    }

    @Test
    void outputsThatBeginInsideATileTakeTheWholeTile() {
        RankCut.Part part = RankCut.outputs(OUTPUTS, new Range(80, 200));
        assertThat(part.skip()).isEqualTo(16);
        assertThat(part.offset()).isEqualTo(OUTPUTS.offset() + 64 * 256 * 2);
        assertThat(part.tiles()).isEqualTo(3);
        assertThat(part.bytes()).isEqualTo(3 * 64 * 256 * 2);
        assertThat(part.outputs()).isEqualTo(120);
    }

    private static RankShare share(int rank, int degree) {
        return RankShare.of(new Architecture("llama", 256, 688, 1, 8, 8, 32, 1000, 1000, 64, 1), 0, rank, degree);
    }
}
