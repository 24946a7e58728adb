package belle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code belle scaling} as people run it. */
class ScalingTest {
    @TempDir
    private static Path folder;

    @Test
    void printsRowsAndWhatIsKnownOfTheMachine() throws Exception {
        Path machine =
                Files.writeString(folder.resolve("fast.conf"), "name = fast, rank-read-gb = 100, node-read-gb = 400");
        Belle run = Belle.run(
                "scaling",
                "--shape",
                "llama-7b",
                "--ranks",
                "1,2",
                "--nodes",
                "2",
                "--streams",
                "2",
                "--warm-up",
                "5",
                "--seconds",
                "30",
                "--machine",
                machine.toString(),
                "--set",
                "draw-micros=40",
                "--json");
        assertThat(run.status()).as(run.err()).isZero();
        JsonNode told = new ObjectMapper().readTree(run.out());
        assertThat(told.path("machine").asText()).isEqualTo("fast");
        assertThat(told.at("/facts/rank-read-gb/origin").asText()).isEqualTo("GIVEN");
        assertThat(told.at("/facts/draw-micros/value").asDouble()).isEqualTo(40);
        assertThat(told.path("rows")).hasSize(2);
        JsonNode one = told.path("rows").get(0);
        JsonNode two = told.path("rows").get(1);
        assertThat(two.path("tokens_per_second").asDouble())
                .isGreaterThan(one.path("tokens_per_second").asDouble());
        assertThat(two.path("rank_weight_bytes").asLong())
                .isLessThan(one.path("rank_weight_bytes").asLong());
    }

    @Test
    void refusesInOneLineWhatItCannotSimulate() throws Exception {
        assertThat(Belle.run("scaling", "--shape", "llama-70b").err())
                .isEqualTo(
                        "belle: --shape must be one of [llama-1b, bloom-7b, llama-7b, llama-13b], but is llama-70b\n");
        assertThat(Belle.run("scaling", "--ranks", "3").err())
                .isEqualTo("belle: --ranks 3 does not suit llama-7b: degrees are [1, 2, 4, 8]\n");
        assertThat(Belle.run("scaling", "--set", "speed=3").err())
                .startsWith("belle: the machine's speed is not known");
    }
}
