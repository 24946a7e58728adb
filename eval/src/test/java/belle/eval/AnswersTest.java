package belle.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import belle.client.Api;
import belle.client.Budget;
import belle.client.ModelClient;
import belle.client.ModelServer;
import belle.client.Question;
import belle.client.Retries;
import belle.client.ScriptedServer;
import belle.proto.FailureException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AnswersTest {
    private static final List<EvalItem> ITEMS = LongStream.rangeClosed(1, 30)
            .mapToObj(n -> new EvalItem(n, "问题" + n, "答" + n, "x"))
            .toList();

    @TempDir
    private Path folder;

    private Map<Long, Reply> run(ScriptedServer server, String request) throws IOException {
        var address = new ModelServer(server.url(), Optional.empty(), Optional.empty(), Duration.ofSeconds(20));
        var retries = new Retries(2, Duration.ofMillis(1), Duration.ofMillis(2));
        try (var client = new ModelClient(address, retries, Budget.unlimited(), new Random(1), Clock.systemUTC())) {
            return Answers.run(
                    ITEMS,
                    folder.resolve("answers"),
                    new Answers.Settings("set", request),
                    client,
                    text -> new Question(Api.COMPLETION, "m", text, 8, 0, 1, List.of(), OptionalLong.empty()),
                    3,
                    _ -> {});
        }
    }

    private static String answer(String body) {
        String number = body.replaceAll(".*问题(\\d+).*", "$1");
        return "{\"choices\":[{\"text\":\"答" + number + "\",\"finish_reason\":\"stop\"}]}";
    }

    @Test
    void whatGotNoAnswerIsAskedAgainAndTheRestIsNot() throws IOException {
        try (var server = new ScriptedServer((_, _, body, exchange) ->
                ScriptedServer.send(exchange, body.matches(".*问题\\d*7\".*") ? 500 : 200, answer(body)))) {
            Map<Long, Reply> replies = run(server, "r");
            assertThat(replies.values().stream()
                            .filter(reply -> !reply.failure().isEmpty())
                            .map(Reply::item))
                    .containsExactly(7L, 17L, 27L);
        }
        try (var server =
                new ScriptedServer((_, _, body, exchange) -> ScriptedServer.send(exchange, 200, answer(body)))) {
            Map<Long, Reply> replies = run(server, "r");
            assertThat(server.bodies()).hasSize(3);
            assertThat(replies).hasSize(30);
            replies.forEach(
                    (number, reply) -> assertThat(reply).isEqualTo(new Reply(number, "答" + number, "stop", "")));
            assertThat(AnswerFile.read(folder.resolve("answers"), "set").replies())
                    .isEqualTo(replies);
        }
    }

    @Test
    void answersUnderOtherSettingsAreRefused() throws IOException {
        try (var server =
                new ScriptedServer((_, _, body, exchange) -> ScriptedServer.send(exchange, 200, answer(body)))) {
            run(server, "r");
            assertThatThrownBy(() -> run(server, "other"))
                    .isInstanceOf(FailureException.class)
                    .hasMessageContaining("began with other settings");
        }
    }

    @Test
    void aServerThatRefusesEndsTheRun() {
        try (var server = new ScriptedServer((_, _, _, exchange) -> ScriptedServer.send(exchange, 401, "no"))) {
            assertThatThrownBy(() -> run(server, "r"))
                    .isInstanceOf(FailureException.class)
                    .hasMessageContaining("401: no");
        }
    }
}
