package belle.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import belle.client.ScriptedServer;
import belle.engine.EngineConfig;
import belle.proto.Prompt;
import belle.proto.Tokens;
import belle.runtime.LocalGenerator;
import belle.runtime.OpenModel;
import belle.runtime.RuntimeConfig;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code belle eval perplexity} asked of a server, against the logits of the same bundle. */
class EvalPerplexityTest {
    private static final String SET = """
            {"question":"你好吗？","std_answer":"我很好，谢谢🙂。","class":"open qa"}
            {"question":"1+1","std_answer":"等于2","class":"math"}
            {"question":"说点什么","std_answer":"","class":"math"}
            """;
    private static final List<String> ANSWERS = List.of("我很好，谢谢🙂。", "等于2");
    private static final List<String> PROMPTS =
            List.of("Human: \n你好吗？\n\nAssistant: \n", "Human: \n1+1\n\nAssistant: \n");

    @TempDir
    private Path folder;

    @Test
    void isThatOfTheLogits() throws Exception {
        Path set = Files.writeString(folder.resolve("set.jsonl"), SET);
        Path scores = folder.resolve("scores.log");
        JsonNode rows;
        try (RunningBelle server = RunningBelle.start(folder)) {
            String[] command = {
                "eval",
                "perplexity",
                "--set",
                set.toString(),
                "--model",
                "belle-tiny",
                "--out",
                scores.toString(),
                "--base-url",
                server.url() + "/v1",
                "--json"
            };
            Belle first = Belle.run(command);
            assertThat(first.status()).as(first.err()).isZero();
            byte[] log = Files.readAllBytes(scores);
            Belle again = Belle.run(command);
            assertThat(again.out()).isEqualTo(first.out());
            assertThat(scores).hasBinaryContent(log);
            rows = new ObjectMapper().readTree(first.out()).path("rows");
        }
        assertThat(rows.findValuesAsText("taskClass")).containsExactly("all", "math", "open qa");
        assertThat(rows.findValuesAsText("withoutReference")).containsExactly("1", "1", "0");
        double[] nll = new double[2];
        int[] tokens = new int[2];
        var config = ConfigFactory.load();
        try (var model =
                OpenModel.open(TinyBundle.in(folder), RuntimeConfig.from(config.getConfig("belle.node.runtime")))) {
            var generator = LocalGenerator.of(model, EngineConfig.from(config.getConfig("belle.node.engine")));
            for (int i = 0; i < 2; i++) {
                Tokens whole = model.encode(new Prompt.Text(PROMPTS.get(i) + ANSWERS.get(i)));
                int from = model.encode(new Prompt.Text(PROMPTS.get(i))).size();
                nll[i] = nll(generator.promptLogits(whole), whole, from);
                tokens[i] = whole.size() - from;
            }
        }
        check(rows.get(0), tokens[0] + tokens[1], 11, nll[0] + nll[1]);
        check(rows.get(1), tokens[1], 3, nll[1]);
        check(rows.get(2), tokens[0], 8, nll[0]);
    }

    private static void check(JsonNode row, int tokens, int characters, double nll) {
        assertThat(row.path("tokens").asInt()).isEqualTo(tokens);
        assertThat(row.path("characters").asInt()).isEqualTo(characters);
        assertThat(Math.log(row.path("perToken").asDouble())).isCloseTo(nll / tokens, within(1e-5));
        assertThat(Math.log(row.path("perCharacter").asDouble())).isCloseTo(nll / characters, within(1e-5));
    }

    /** The negative log-likelihood of the tokens from {@code from} on; {@code logits} has a row behind each token. */
    private static double nll(List<float[]> logits, Tokens ids, int from) {
        double sum = 0;
        for (int at = from; at < ids.size(); at++) {
            double all = 0;
            for (float logit : logits.get(at - 1)) {
                all += Math.exp(logit);
            }
            sum += Math.log(all) - logits.get(at - 1)[ids.get(at)];
        }
        return sum;
    }

    @Test
    void aServerThatEchoesNothingIsSaidSo() throws Exception {
        Path set = Files.writeString(folder.resolve("set.jsonl"), SET);
        try (var server = new ScriptedServer((_, _, _, exchange) ->
                ScriptedServer.send(exchange, 200, "{\"choices\":[{\"text\":\"好\",\"finish_reason\":\"stop\"}]}"))) {
            Belle run = Belle.run(
                    "eval",
                    "perplexity",
                    "--set",
                    set.toString(),
                    "--model",
                    "m",
                    "--out",
                    folder.resolve("scores.log").toString(),
                    "--base-url",
                    server.url().toString());
            assertThat(run.status()).isEqualTo(1);
            assertThat(run.err()).contains("2 references without a score", "gave back no scored prompts");
        }
    }
}
