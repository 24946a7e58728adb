package belle.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import belle.proto.FailureException;
import com.typesafe.config.ConfigFactory;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EngineConfigTest {
    @Test
    void theReferenceHasEveryComponentAndNothingElse() {
        var section = ConfigFactory.parseResources("reference.conf").getConfig("belle.node.engine");
        assertThat(section.root().keySet())
                .containsExactlyInAnyOrderElementsOf(Arrays.stream(EngineConfig.class.getRecordComponents())
                        .map(RecordComponent::getName)
                        .map(name -> name.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT))
                        .toList());
        assertThat(EngineConfig.from(section)).isEqualTo(new EngineConfig(64, 64, 512, 128, 128, 4, 0));
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0, 8, 1, 8, max-sequences must be at least 1",
        "4, -1, 8, 1, 8, max-waiting must be at least 0",
        "4, 0, 3, 1, 8, max-step-tokens must be at least max-sequences (4)",
        "4, 0, 8, 0, 8, prefill-tokens-beside-decodes must be at least 1",
        "4, 0, 8, 1, 3, max-logit-rows must be at least max-sequences (4)",
    })
    void namesTheKeyTheBoundAndTheValue(
            int maxSequences, int maxWaiting, int stepTokens, int besideDecodes, int logitRows, String message) {
        assertThatExceptionOfType(FailureException.class)
                .isThrownBy(() -> new EngineConfig(maxSequences, maxWaiting, stepTokens, besideDecodes, logitRows))
                .withMessageContaining("belle.node.engine." + message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "1.4; 0; max-slowdown must be 0, or from 1.5 to 1000.0, but is 1.4",
                "NaN; 0; max-slowdown must be 0, or from 1.5 to 1000.0, but is NaN",
                "0; -1; lookup-tokens must be at least 0 (0), but is -1"
            })
    void namesThemForWhatMayBeOff(double maxSlowdown, int lookupTokens, String message) {
        assertThatExceptionOfType(FailureException.class)
                .isThrownBy(() -> new EngineConfig(4, 0, 8, 1, 8, maxSlowdown, lookupTokens))
                .withMessageContaining("belle.node.engine." + message);
    }
}
