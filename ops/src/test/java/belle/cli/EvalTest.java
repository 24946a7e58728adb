package belle.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import belle.client.ScriptedServer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code belle eval} from the questions to the page. */
class EvalTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int ITEMS = 40;

    @TempDir
    private Path folder;

    private String set;

    @BeforeEach
    void writeSet() throws IOException {
        var lines = new StringBuilder();
        for (int i = 0; i < ITEMS; i++) {
            lines.append(JSON.createObjectNode()
                            .put("question", "问题" + i + "。")
                            .put("std_answer", "好答案")
                            .put("class", i % 2 == 0 ? "closed\u00a0qa" : "math"))
                    .append('\n');
        }
        set = Files.writeString(folder.resolve("set.json"), lines).toString();
    }

    private String file(String name) {
        return folder.resolve(name).toString();
    }

    /** Model good says what is good, model bad what is bad, and the judge knows, but for answers to question 7. */
    private static void answer(int number, String path, String body, HttpExchange exchange) throws IOException {
        JsonNode request = JSON.readTree(body);
        String prompt = request.at("/messages/0/content").asText();
        String text = switch (request.path("model").asText()) {
            case "good" -> "好答案";
            case "bad" -> prompt.contains("问题9。") ? "" : "坏";
            default -> prompt.contains("问题7。") ? "不好说" : prompt.contains("模型回答:\n好答案") ? "理由。\n得分：１" : "得分: 0.2";
        };
        var answer = JSON.createObjectNode();
        answer.putArray("choices")
                .addObject()
                .put("finish_reason", "stop")
                .putObject("message")
                .put("content", text);
        ScriptedServer.send(exchange, 200, answer.toString());
    }

    private Belle eval(ScriptedServer server, String command, String... more) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("eval", command, "--set", set, "--base-url"));
        arguments.add(server.url().toString());
        arguments.addAll(List.of(more));
        return Belle.run(arguments.toArray(String[]::new));
    }

    @Test
    void questionsAreAnsweredJudgedAndReported() throws Exception {
        try (var server = new ScriptedServer(EvalTest::answer)) {
            Belle run = eval(
                    server, "run", "--model", "bad", "--out", file("bad"), "--model", "good", "--out", file("good"));
            assertThat(run.status()).as(run.err()).isZero();
            assertThat(run.out()).contains("bad: 40 of 40 answered", "good: 40 of 40 answered");
            Belle bad = eval(server, "judge", "--model", "j", "--answers", file("bad"), "--out", file("bad.scores"));
            assertThat(bad.status()).as(bad.err()).isZero();
            assertThat(bad.out()).contains("bad.scores: 38 scored, 1 without a score, 1 unanswered");
            int asked = server.bodies().size();
            eval(server, "judge", "--model", "j", "--answers", file("bad"), "--out", file("bad.scores"));
            assertThat(server.bodies()).as("nothing is judged twice").hasSize(asked);
            eval(server, "judge", "--model", "j", "--answers", file("good"), "--out", file("good.scores"));
            assertThat(server.bodies()).hasSize(asked + 39 + 3);
        }
        List<String> report = new ArrayList<>(List.of("eval", "report", "--set", set, file("bad"), file("good")));
        report.addAll(List.of("--scores", file("bad.scores"), "--scores", file("good.scores")));
        List<String> drawn = new ArrayList<>(report);
        drawn.addAll(List.of("--sizes", "5000,200000", "--chart", file("c.svg"), "--page", file("p.html")));
        Belle text = Belle.run(drawn.toArray(String[]::new));
        assertThat(text.status()).as(text.err()).isZero();
        assertThat(text.out())
                .contains("closed qa", "1 without a score", "1 unanswered", "points of judge on 39 questions");
        assertThat(Path.of(file("c.svg"))).content().contains("封闭问答", "数学", "5000", "20万");
        assertThat(Path.of(file("p.html"))).content().contains("好答案");
        report.add("--json");
        JsonNode json = JSON.readTree(Belle.run(report.toArray(String[]::new)).out());
        JsonNode all = json.path("judge").path(file("bad")).path(0);
        assertThat(all.path("withoutScore").asInt()).isEqualTo(1);
        // 38 answers of 0.2 and one question without an answer, which is 0; the answer without a score does not count.
        assertThat(all.at("/judge/mean").asDouble()).isCloseTo(38 * 20 / 39.0, within(1e-9));
        assertThat(json.at("/comparisons/0/points").asDouble()).isGreaterThan(80);
        assertThat(json.at("/comparisons/0/adjusted").asDouble()).isLessThan(0.001);
    }

    @Test
    void whyQuestionsAreNotAnsweredIsTold() throws Exception {
        try (var server = new ScriptedServer((number, path, body, exchange) ->
                ScriptedServer.send(exchange, 400, "{\"error\":{\"message\":\"too long\"}}"))) {
            Belle run = eval(server, "run", "--model", "good", "--out", file("good"));
            assertThat(run.status()).isEqualTo(1);
            assertThat(run.out())
                    .contains("0 of 40 answered; the same command asks the other 40 again", "400: too long");
        }
    }

    @Test
    void wrongUsageIsNamed() throws Exception {
        try (var server = new ScriptedServer(EvalTest::answer)) {
            Belle one = eval(server, "run", "--model", "a", "--model", "b", "--out", file("a"));
            assertThat(one.status()).isEqualTo(2);
            assertThat(one.err()).contains("--out must be given once for each --model: there are 2 models and 1 files");
            eval(server, "run", "--model", "good", "--out", file("good"));
            Belle none = eval(
                    server,
                    "judge",
                    "--model",
                    "j",
                    "--answers",
                    file("good"),
                    "--out",
                    file("s"),
                    "--tries-for-a-score",
                    "0");
            assertThat(none.err()).contains("--tries-for-a-score must be at least 1, not 0");
        }
        Belle chart = Belle.run("eval", "report", "--set", set, file("good"), "--chart", file("c.svg"));
        assertThat(chart.status()).isEqualTo(2);
        assertThat(chart.err()).contains("--chart needs --sizes");
        Belle gif = Belle.run("eval", "report", "--set", set, file("good"), "--sizes", "5", "--chart", file("c.gif"));
        assertThat(gif.err()).contains("--chart must end in .svg or .png");
        Belle sizes = Belle.run("eval", "report", "--set", set, file("good"), "--sizes", "5,6");
        assertThat(sizes.err())
                .contains("--sizes must be given for each file of answers: there are 1 files and 2 of it");
        String other = Files.writeString(folder.resolve("other"), Files.readString(Path.of(set)) + "\n")
                .toString();
        for (String command : List.of("report", "pass")) {
            Belle wrong = Belle.run("eval", command, "--set", other, file("good"));
            assertThat(wrong.status()).as(command).isEqualTo(1);
            assertThat(wrong.err()).contains("these are answers to another set");
        }
    }
}
