package belle.scaling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import belle.proto.bundle.WeightType;
import com.typesafe.config.ConfigFactory;
import org.junit.jupiter.api.Test;

/** Facts keep their origin; what is given is said to be given. */
class MachineTest {
    @Test
    void whatIsGivenTakesTheFactsPlace() {
        Machine machine = Machine.standard()
                .with(ConfigFactory.parseString(
                        "name = mine, rank-read-gb = 50, layer-micros { value = 9, origin = MEASURED, note = here }"));
        assertThat(machine.name()).isEqualTo("mine");
        assertThat(machine.facts().get("rank-read-gb")).isEqualTo(new Fact(50, Fact.Origin.GIVEN, ""));
        assertThat(machine.facts().get("layer-micros")).isEqualTo(new Fact(9, Fact.Origin.MEASURED, "here"));
        assertThat(machine.facts()).hasSameSizeAs(Machine.standard().facts());
    }

    @Test
    void ratesBetweenTheMeasuredRowsLieBetweenTheMeasuredRates() {
        Machine machine = Machine.standard().with(ConfigFactory.parseString("q4-gops-16 = 100, q4-gops-64 = 200"));
        assertThat(machine.operations(WeightType.Q4, 32)).isCloseTo(150e9, within(1.0));
        assertThat(machine.operations(WeightType.Q4, 64)).isEqualTo(200e9);
        assertThat(machine.operations(WeightType.Q4, 1)).isEqualTo(machine.operations(WeightType.Q4, 4));
        assertThat(machine.operations(WeightType.Q4, 4096)).isEqualTo(machine.operations(WeightType.Q4, 512));
    }

    @Test
    void refusesWhatItDoesNotKnow() {
        assertThatThrownBy(() -> Machine.standard().with(ConfigFactory.parseString("rank-read = 1")))
                .hasMessageContaining("rank-read is not known; there are all-reduce-2-micros");
        assertThatThrownBy(() -> Machine.standard().with(ConfigFactory.parseString("rank-read-gb = 0")))
                .hasMessageContaining("rank-read-gb must be a number above 0, but is 0.0");
        assertThatThrownBy(() -> Machine.standard().with(ConfigFactory.parseString("rank-read-gb = fast")))
                .hasMessageContaining("rank-read-gb must be a number, or an object");
    }
}
