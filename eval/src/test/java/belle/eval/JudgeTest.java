package belle.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import belle.client.Api;
import belle.client.Budget;
import belle.client.ModelClient;
import belle.client.ModelServer;
import belle.client.Question;
import belle.client.Retries;
import belle.client.ScriptedServer;
import belle.proto.FailureException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JudgeTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<EvalItem> ITEMS = LongStream.rangeClosed(1, 20)
            .mapToObj(n -> new EvalItem(n, "问题" + n + "。", "答" + n, n % 2 == 0 ? "math" : "code"))
            .toList();

    @TempDir
    private Path folder;

    private AnswerFile answers(String text, String request) {
        Map<Long, Reply> replies = new TreeMap<>();
        ITEMS.forEach(item -> replies.put(item.number(), new Reply(item.number(), text + item.number(), "stop", "")));
        replies.put(3L, new Reply(3, " \n", "stop", ""));
        replies.put(4L, new Reply(4, "", "", "no server"));
        replies.remove(5L);
        return new AnswerFile(folder.resolve("answers"), new Answers.Settings("set", request), replies);
    }

    private Map<Long, Judgement> run(ScriptedServer server, AnswerFile answers, int tries) throws IOException {
        var address = new ModelServer(server.url(), Optional.empty(), Optional.empty(), Duration.ofSeconds(20));
        var retries = new Retries(2, Duration.ofMillis(1), Duration.ofMillis(2));
        try (var client = new ModelClient(address, retries, Budget.unlimited(), new Random(1), Clock.systemUTC())) {
            return new Judge(
                            JudgePrompts.own(),
                            client,
                            text -> new Question(Api.COMPLETION, "j", text, 8, 0, 1, List.of(), OptionalLong.empty()),
                            tries)
                    .run(ITEMS, answers, folder.resolve("scores"), "j", 3, _ -> {});
        }
    }

    private static void say(HttpExchange exchange, String text) throws IOException {
        var answer = JSON.createObjectNode();
        answer.putArray("choices").addObject().put("text", text).put("finish_reason", "stop");
        ScriptedServer.send(exchange, 200, answer.toString());
    }

    private static int number(String body) {
        return Integer.parseInt(body.replaceAll("(?s).*问题(\\d+)。.*", "$1"));
    }

    /** Gives item n the score n/100; 7 never gets one, 8 only when reminded, 9 fails. */
    private static void judge(String body, HttpExchange exchange) throws IOException {
        int n = number(body);
        boolean reminded = body.contains("上一次的回复里没有");
        if (n == 9) {
            ScriptedServer.send(exchange, 500, "");
        } else {
            say(exchange, n == 7 || (n == 8 && !reminded) ? "我不知道" : "得分: " + n / 100.0);
        }
    }

    @Test
    void scoresWhatWasAnsweredAndAsksAgainWhereThereIsNoScore() throws IOException {
        try (var server = new ScriptedServer((_, _, body, exchange) -> judge(body, exchange))) {
            Map<Long, Judgement> judged = run(server, answers("答", "m"), 3);
            assertThat(judged).hasSize(17).doesNotContainKeys(3L, 4L, 5L);
            assertThat(judged.get(1L)).isEqualTo(new Judgement(1, Judgement.hash("答1"), 0.01, 1, "得分: 0.01", ""));
            assertThat(judged.get(8L)).isEqualTo(new Judgement(8, Judgement.hash("答8"), 0.08, 2, "得分: 0.08", ""));
            assertThat(judged.get(7L)).isEqualTo(new Judgement(7, Judgement.hash("答7"), null, 3, "我不知道", ""));
            assertThat(judged.values().stream().map(Judgement::failure).filter(failure -> !failure.isEmpty()))
                    .singleElement(InstanceOfAssertFactories.STRING)
                    .contains("no answer in 2 tries");
            assertThat(server.bodies().stream().filter(body -> number(body) == 7))
                    .hasSize(3);
            assertThat(server.bodies().stream().filter(body -> number(body) == 20))
                    .singleElement(InstanceOfAssertFactories.STRING)
                    .contains("你是一位数学老师", "标准答案:\\n答20", "模型回答:\\n答20");
        }
    }

    @Test
    void anAnswerWithoutScoreCountsAsSuchAndAnUnansweredQuestionAs0() throws IOException {
        try (var server = new ScriptedServer((_, _, body, exchange) -> judge(body, exchange))) {
            AnswerFile answers = answers("答", "m");
            var result = new ModelResult(answers, Optional.of(run(server, answers, 1)));
            List<JudgeTable.Row> rows = JudgeTable.of(ITEMS, result, 1);
            assertThat(rows.stream().map(JudgeTable.Row::taskClass)).containsExactly("all", "code", "math");
            assertThat(rows.getFirst())
                    .extracting(
                            JudgeTable.Row::questions,
                            JudgeTable.Row::unanswered,
                            JudgeTable.Row::withoutScore,
                            JudgeTable.Row::unjudged)
                    .containsExactly(20, 3, 2, 1);
            // 1 to 20 without 3, 4, 5, which are 0, and without 7, 8, 9, which do not count.
            assertThat(rows.getFirst().judge())
                    .isNotNull()
                    .satisfies(score -> assertThat(score.mean()).isCloseTo((210 - 12 - 24) / 17.0, within(1e-9)));
        }
    }

    @Test
    void aRunThatWasCutAnywhereGoesOnToTheSameScores() throws IOException {
        AnswerFile answers = answers("答", "m");
        Path scores = folder.resolve("scores");
        Map<Long, Judgement> whole;
        try (var server = new ScriptedServer((_, _, body, exchange) -> say(exchange, "得分: 0." + number(body)))) {
            whole = run(server, answers, 3);
            byte[] log = Files.readAllBytes(scores);
            var random = new Random(5);
            for (int trial = 0; trial < 12; trial++) {
                Files.write(scores, Arrays.copyOf(log, trial == 0 ? log.length - 1 : random.nextInt(log.length)));
                assertThat(run(server, answers, 3)).isEqualTo(whole);
            }
            int asked = server.bodies().size();
            assertThat(run(server, answers, 3)).isEqualTo(whole);
            assertThat(server.bodies()).hasSize(asked);
        }
    }

    @Test
    void failuresAndOtherAnswersAreJudgedAgain() throws IOException {
        try (var server = new ScriptedServer((_, _, body, exchange) -> judge(body, exchange))) {
            run(server, answers("答", "m"), 1);
        }
        try (var server = new ScriptedServer((_, _, _, exchange) -> say(exchange, "得分: 1"))) {
            assertThat(run(server, answers("答", "m"), 1))
                    .containsEntry(9L, new Judgement(9, Judgement.hash("答9"), 1.0, 1, "得分: 1", ""));
            assertThat(server.bodies()).hasSize(1);
            assertThat(run(server, answers("另", "m"), 1).values()).allMatch(judgement -> judgement.asked() == 1);
            assertThat(server.bodies()).hasSize(1 + 17);
        }
    }

    @Test
    void scoresOfAnotherModelsAnswersAreRefused() throws IOException {
        try (var server = new ScriptedServer((_, _, _, exchange) -> say(exchange, "得分: 1"))) {
            run(server, answers("答", "m"), 1);
            assertThatThrownBy(() -> run(server, answers("答", "other"), 1))
                    .isInstanceOf(FailureException.class)
                    .hasMessageContaining("began with other settings");
        }
    }

    @Test
    void aServerThatRefusesEndsTheRun() {
        try (var server = new ScriptedServer((_, _, _, exchange) -> ScriptedServer.send(exchange, 401, "no"))) {
            assertThatThrownBy(() -> run(server, answers("答", "m"), 2))
                    .isInstanceOf(FailureException.class)
                    .hasMessageContaining("401: no");
        }
    }
}
