package belle.export.graph;

import static org.assertj.core.api.Assertions.assertThat;

import belle.proto.bundle.Leaves;
import belle.proto.bundle.Manifest.TensorEntry;
import java.util.List;
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
            RankCut.Part part = new RankCut(rank, degree).outputs(OUTPUTS);
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
            RankCut.Part part = new RankCut(rank, degree).leaves(LEAVES, 0);
            assertThat(part.offset()).isEqualTo(next);
            assertThat(part.leafInputs()).hasSize(Leaves.COUNT / degree + 1).startsWith(0);
            assertThat(part.leafInputs()).endsWith(part.inputs());
            next += part.bytes();
            inputs += part.inputs();
        }
        assertThat(next).isEqualTo(LEAVES.offset() + LEAVES.bytes());
        assertThat(inputs).isEqualTo(688);
    }
}
