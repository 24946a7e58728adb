package belle.scaling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import belle.proto.FailureException;
import belle.proto.bundle.KvType;
import belle.proto.bundle.Manifest.Architecture;
import belle.proto.bundle.WeightType;
import belle.scaling.StepModel.Part;
import com.typesafe.config.ConfigFactory;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The time of a step is what can be worked out by hand, and grows with the work. */
class StepModelTest {
    /** A layer has 3 * 64 * 64 + 64 * 64 + 2 * 64 * 64 + 64 * 64 = 28,672 weights, the head 8,192. */
    private static final ModelShape TINY = shape(64);

    private static ModelShape shape(int units) {
        return new ModelShape(
                "tiny",
                new Architecture("llama", 64, units, 2, 8, 8, 8, 128, 128, 256, 0),
                WeightType.F16,
                WeightType.F16,
                0,
                KvType.F32);
    }

    /** Reads 1 GB/s at shares of 1, computes 1 GOP/s; everything else is a round number of microseconds. */
    private static Machine plain(double operations) {
        return Machine.standard().with(ConfigFactory.parseString("""
                        rank-read-gb = 1, node-read-gb = 4, f16-read-share = 1, attention-read-share = 0.5
                        f16-gops-4 = %1$s, f16-gops-16 = %1$s, f16-gops-64 = %1$s, f16-gops-512 = %1$s, attention-gops = %1$s
                        all-reduce-2-micros = 10, all-reduce-gb = 1, layer-micros = 3, step-micros = 7, draw-micros = 2
                        """.formatted(operations)));
    }

    private static ModelShape q4(String name) {
        return ModelShape.published(name, WeightType.Q4, WeightType.Q8, 64, KvType.F32);
    }

    @Test
    void readsEachWeightOnceAndTheCacheOfEachSequence() {
        StepTime time = StepModel.of(TINY, 1, plain(1000)).decode(3, 9);
        assertThat(time.weights()).isCloseTo(2 * (2 * 28_672 + 8_192) / 1e9, within(1e-12));
        // 10 tokens of 2 layers' 64 keys and 64 values of 4 bytes, at half the speed.
        assertThat(time.cache()).isCloseTo(3 * 10 * 2 * 2 * 64 * 4 / 0.5e9, within(1e-12));
        assertThat(time.overhead()).isCloseTo((7 + 2 * 3 + 3 * 2) / 1e6, within(1e-12));
        assertThat(time.operations()).isZero();
        assertThat(time.collective()).isZero();
    }

    @Test
    void takesAsLongAsItsOperationsWhereThoseAreMore() {
        StepTime time = StepModel.of(TINY, 1, plain(1)).time(List.of(new Part(20, 10, 1)));
        double products = 2.0 * (20 * 2 * 28_672 + 8_192);
        double attention = 4.0 * 2 * 64 * (20 * 10 + 210);
        // The head has one row: 16,384 operations take as long as its 16,384 bytes, which counts as reading.
        assertThat(time.operations()).isCloseTo((products - 16_384 + attention) / 1e9, within(1e-12));
        assertThat(time.weights()).isCloseTo(16_384 / 1e9, within(1e-12));
    }

    @Test
    void ranksMeetTwiceALayerForEveryPiece() {
        // 600 tokens of 64 floats are 3 pieces; each rank writes one and reads two parts.
        StepTime time = StepModel.of(shape(128), 2, plain(1000)).time(List.of(new Part(600, 0, 0)));
        assertThat(time.collective()).isCloseTo(4 * (3 * 10e-6 + 3 * 600 * 64 * 4 / 1e9), within(1e-12));
    }

    @Test
    void ranksShareWhatTheNodeReads() {
        Machine machine = plain(1000);
        assertThat(machine.readBytes(4)).isEqualTo(1e9);
        assertThat(machine.readBytes(8)).isEqualTo(0.5e9);
    }

    @Test
    void theFileThatWasMadeHasTheSizeThatIsCalculated() {
        double gib = StepModel.of(q4("llama-7b"), 1, Machine.standard()).weightBytes() / Math.pow(2, 30);
        assertThat(gib).isCloseTo(3.86, within(0.005));
        ModelShape bloom = ModelShape.published("bloom-7b", WeightType.Q4, WeightType.F16, 128, KvType.F16);
        assertThat(StepModel.of(bloom, 1, Machine.standard()).weightBytes() / Math.pow(2, 30))
                .isCloseTo(4.95, within(0.005));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 8})
    void moreTokensAndLongerPastsTakeLonger(int ranks) {
        StepModel model = StepModel.of(q4("llama-7b"), ranks, Machine.standard());
        for (int sequences = 2; sequences <= 512; sequences++) {
            assertThat(model.decode(sequences, 100).total())
                    .as("%s sequences", sequences)
                    .isGreaterThan(model.decode(sequences - 1, 100).total());
        }
        assertThat(model.decode(4, 200).total())
                .isGreaterThan(model.decode(4, 100).total());
    }

    @Test
    void moreRanksTakeLessTimeButNotAsMuchLess() {
        for (int ranks = 2; ranks <= 8; ranks *= 2) {
            double more = StepModel.of(q4("llama-13b"), ranks, Machine.standard())
                    .decode(4, 300)
                    .total();
            double fewer = StepModel.of(q4("llama-13b"), ranks / 2, Machine.standard())
                    .decode(4, 300)
                    .total();
            assertThat(more).isBetween(fewer / 2, fewer);
        }
    }

    @Test
    void refusesRanksThatAModelCannotBeCutInto() {
        assertThatThrownBy(() -> StepModel.of(TINY, 3, Machine.standard()))
                .isInstanceOf(FailureException.class)
                .hasMessageContaining("--ranks 3 does not suit tiny");
    }
}
