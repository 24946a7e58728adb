package belle.proto.bundle;

import static org.assertj.core.api.Assertions.assertThat;

import belle.proto.bundle.Manifest.Architecture;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every head, unit and column is some rank's, and degrees that cannot be are refused with their reason. */
final class RankShareTest {
    private static Architecture shape(int heads, int kvHeads, int headDim, int units, int vocabulary) {
        return new Architecture(
                "llama", heads * headDim, units, 2, heads, kvHeads, headDim, vocabulary, vocabulary, 64, 1);
    }

    @ParameterizedTest
    @CsvSource({
        // heads, kv heads, head size, units, vocabulary, group, degrees
        "32, 32, 128, 11008, 32000, 128, 1 2 4 8",
        "32, 32, 128, 16384, 250880, 64, 1 2 4 8",
        "40, 40, 128, 13824, 32000, 64, 1 2 4 8",
        "32, 4, 128, 11008, 32000, 0, 1 2 4 8",
        "12, 12, 64, 3072, 5000, 32, 1 2 4 8",
        "6, 6, 64, 1536, 500, 0, 1 2 4",
        "6, 2, 64, 1536, 500, 0, 1 2 4",
        "4, 4, 16, 256, 128, 32, 1 2",
        "8, 8, 64, 128, 500, 128, 1",
        "9, 3, 64, 1536, 500, 0, 1 8",
    })
    void theDegreesThatAModelHas(
            int heads, int kvHeads, int headDim, int units, int vocabulary, int group, String degrees) {
        Architecture a = shape(heads, kvHeads, headDim, units, vocabulary);
        List<Integer> had = RankShare.degrees(a, group, Set.of());
        assertThat(had.stream().map(String::valueOf)).containsExactly(degrees.split(" "));
        for (int degree : had) {
            coversEverything(a, group, degree);
        }
    }

    private static void coversEverything(Architecture a, int group, int degree) {
        int nextHead = 0;
        int nextUnit = 0;
        Set<Integer> kvHeads = new TreeSet<>();
        Set<Integer> columns = new TreeSet<>();
        for (int rank = 0; rank < degree; rank++) {
            RankShare share = RankShare.of(a, group, rank, degree);
            assertThat(share.heads().from()).isEqualTo(nextHead);
            assertThat(share.units().from()).isEqualTo(nextUnit);
            nextHead = share.heads().to();
            nextUnit = share.units().to();
            assertThat(share.heads().size() % share.kvHeads().size()).isZero();
            for (int head = share.heads().from(); head < share.heads().to(); head++) {
                int own = (head - share.heads().from())
                        / (share.heads().size() / share.kvHeads().size());
                assertThat(share.kvHeads().from() + own).isEqualTo(head / (a.heads() / a.kvHeads()));
            }
            for (int head = share.kvHeads().from(); head < share.kvHeads().to(); head++) {
                kvHeads.add(head);
            }
            assertThat(share.vocabulary().from() % 64).isZero();
            for (int id = share.vocabulary().from(); id < share.vocabulary().to(); id++) {
                columns.add(id);
            }
        }
        assertThat(nextHead).isEqualTo(a.heads());
        assertThat(nextUnit).isEqualTo(a.intermediate());
        assertThat(kvHeads).hasSize(a.kvHeads());
        assertThat(columns).hasSize(a.vocabulary());
    }

    @Test
    void refusalsSayWhy() {
        assertThat(RankShare.refusal(shape(32, 32, 128, 11008, 32000), 0, Set.of(), 3))
                .contains("degrees are [1, 2, 4, 8]");
        assertThat(RankShare.refusal(shape(6, 6, 64, 1536, 500), 0, Set.of(), 8))
                .contains("rank 0 of 8 would have none of the 6 heads");
        assertThat(RankShare.refusal(shape(9, 3, 64, 1536, 500), 0, Set.of(), 2))
                .get()
                .asString()
                .contains("unevenly: 3 use one");
        assertThat(RankShare.refusal(shape(8, 8, 64, 128, 500), 128, Set.of(), 2))
                .contains(
                        "rank 0 of 2 would have none of the MLP's 128 units, which are cut where tiles of 64 begin and"
                                + " groups of 128 weights");
        assertThat(RankShare.refusal(shape(8, 8, 64, 1536, 500), 64, Set.of("layers.0.mlp.down.order"), 2))
                .contains("layers.0.mlp.down.order mixes the inputs of all ranks");
        assertThat(RankShare.refusal(shape(8, 8, 64, 1536, 500), 64, Set.of("layers.0.mlp.up.order"), 2))
                .isEmpty();
    }
}
