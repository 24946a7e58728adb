package belle.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MetricsTest {
    /** {@code src/test/python/metrics_reference.py} wrote it. */
    @Test
    void bleuAndRougeAreThoseOfTheirReferences() throws IOException {
        var corpus = new Bleu();
        var json = new ObjectMapper();
        int pairs = 0;
        for (String line : Files.readAllLines(Path.of("src/test/resources/metrics.jsonl"))) {
            JsonNode expected = json.readTree(line);
            if (expected.has("corpus")) {
                assertThat(corpus.corpus()).isCloseTo(expected.path("corpus").asDouble(), within(1e-9));
                continue;
            }
            String answer = expected.path("answer").asText();
            String reference = expected.path("reference").asText();
            corpus.add(answer, reference);
            pairs++;
            assertThat(Bleu.sentence(answer, reference))
                    .as("BLEU of %s, tokens %s and %s", line, Bleu.tokens(answer), Bleu.tokens(reference))
                    .isCloseTo(expected.path("bleu").asDouble(), within(1e-9));
            assertThat(RougeL.of(answer, reference))
                    .as("ROUGE-L of %s", line)
                    .isCloseTo(expected.path("rouge").asDouble(), within(1e-9));
        }
        assertThat(pairs).isEqualTo(300);
    }

    @ParameterizedTest
    @CsvSource({"'Ａ，b ','a B',1", "'好。','好',1", "'好吗','好',0", "'3.5','35',1", "'','',1"})
    void exactMatchForgivesWidthCaseAndPunctuation(String answer, String reference, double expected) {
        assertThat(ExactMatch.of(answer, reference)).isEqualTo(expected);
    }

    @Test
    void intervalsHoldTheMeanAbout95TimesIn100() {
        var random = new Random(3);
        int held = 0;
        for (int trial = 0; trial < 200; trial++) {
            double[] values = random.doubles(60).toArray();
            Bootstrap.Interval interval = new Bootstrap(trial).mean(values);
            held += interval.low() <= 0.5 && 0.5 <= interval.high() ? 1 : 0;
        }
        assertThat(held).isBetween(180, 198);
    }

    @Test
    void pairedModelsThatDifferAreToldApart() {
        var random = new Random(4);
        double[] a = random.doubles(100).toArray();
        double[] same = a.clone();
        double[] better = random.doubles(100).map(x -> x + 0.3).toArray();
        assertThat(new Bootstrap(1).pValue(a, same)).isEqualTo(1);
        assertThat(new Bootstrap(1).pValue(better, a)).isLessThan(0.01);
    }
}
