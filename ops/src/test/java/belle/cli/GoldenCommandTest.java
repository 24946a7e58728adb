package belle.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import belle.conformance.ExpectedText;
import belle.conformance.Fixture;
import belle.proto.bundle.Manifest;
import belle.text.Tokenizer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * {@code belle export --weights} and {@code belle generate} against the reference's ids, texts and probabilities. The
 * reference computed with the weights as they are stored: f16 of the float32 checkpoint is the same model as the
 * checkpoint that was stored in f16, and f16 holds the bfloat16 one's weights but for the very smallest.
 */
class GoldenCommandTest {
    /** Of a log-probability: twice the logits'. */
    private static final double LOGPROB_TOLERANCE = 4e-3;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({
        "bloom-tiny, f16, bloom-tiny",
        "bloom-tiny-fp32, f16, bloom-tiny",
        "bloom-tiny-fp32, f32, bloom-tiny-fp32",
        "llama-tiny, f16, llama-tiny",
        "llama-tiny-gqa, f16, llama-tiny-gqa"
    })
    void generatesWhatTheReferenceGenerated(String checkpoint, String weights, String reference) throws IOException {
        var fixture = Fixture.named(reference);
        Path bundle = folder.resolve(checkpoint);
        String source = Fixture.named(checkpoint).folder().toString();
        run("export", source, "--out", bundle.toString(), "--weights", weights);
        assertThat(json(run("inspect", bundle.toString(), "--json"))
                        .get("weights")
                        .asText())
                .isEqualTo(weights);
        var logits = fixture.logits();
        try (var tokenizer = Tokenizer.open(bundle.resolve(Manifest.TOKENIZER_FILE))) {
            for (JsonNode expected : fixture.lines("greedy.jsonl")) {
                String id = expected.get("id").asText();
                int[] ids = Fixture.ids(expected.get("greedy_ids"));
                JsonNode whole = generate(bundle, expected, "--ignore-eos");
                assertThat(Fixture.ids(whole.get("prompt_ids")))
                        .as(id)
                        .isEqualTo(Fixture.ids(expected.get("prompt_ids")));
                assertThat(Fixture.ids(whole.get("ids"))).as(id).isEqualTo(ids);
                assertThat(whole.get("text").asText())
                        .as(id)
                        .isEqualTo(ExpectedText.of(
                                tokenizer.vocabulary(),
                                ids,
                                expected.get("text").asText()));
                float @Nullable [] last = logits.get("last." + id);
                if (last != null) {
                    assertThat(whole.get("logprobs").get(0).asDouble())
                            .as(id)
                            .isCloseTo(logprob(last, ids[0]), within(LOGPROB_TOLERANCE));
                }
                Optional<Integer> end = Fixture.number(expected.get("eos_at"));
                if (end.isPresent()) {
                    JsonNode stopped = generate(bundle, expected);
                    assertThat(Fixture.ids(stopped.get("ids"))).as(id).isEqualTo(Arrays.copyOf(ids, end.get() + 1));
                    assertThat(stopped.get("finish_reason").asText()).isEqualTo("stop");
                }
            }
        }
    }

    private static JsonNode generate(Path bundle, JsonNode expected, String... flags) throws IOException {
        List<String> arguments = new ArrayList<>(List.of("generate", bundle.toString(), "--json"));
        arguments.addAll(List.of("--prompt", expected.get("prompt").asText()));
        arguments.addAll(List.of(
                "--max-tokens", Integer.toString(expected.get("greedy_ids").size())));
        arguments.addAll(List.of(flags));
        return json(run(arguments.toArray(String[]::new)));
    }

    /** Returns the natural logarithm of the softmax at {@code id}. */
    private static double logprob(float[] logits, int id) {
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp((double) logit - logits[id]);
        }
        return -Math.log(sum);
    }

    private static String run(String... arguments) {
        var out = new StringWriter();
        var err = new StringWriter();
        int status = Main.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments);
        assertThat(status).as(err.toString()).isZero();
        return out.toString();
    }

    private static JsonNode json(String text) throws IOException {
        return new ObjectMapper().readTree(text);
    }
}
