package belle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import belle.bench.HealthCheck;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A step that never comes back: the node is seen to be ill, leaves, and what it computed is computed elsewhere. */
class HungStepTest {
    private static final int STREAMS = 8;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @TempDir
    private Path folder;

    @Test
    void aNodeWhoseStepHangsLeavesAndItsStreamsGoOn() throws Exception {
        Path bundle = TinyBundle.in(folder);
        Path hang = folder.resolve("hang");
        try (RunningMember gateway = RunningMember.gateway(folder)) {
            String seed = gateway.said("cluster (\\S+),");
            try (RunningMember well = node("well", bundle, seed, "");
                    RunningMember ill = node("ill", bundle, seed, hang.toString())) {
                well.awaitReady();
                ill.awaitReady();
                URI url = URI.create(gateway.said("^(http://\\S+)"));
                assertThat(HealthCheck.await(url.resolve("/health/ready"), PATIENCE, () -> true))
                        .isTrue();
                List<String> expected = all(url, "before");
                Files.createFile(hang);
                assertThat(all(url, "while")).isEqualTo(expected);
                assertThat(ill.awaitEnd()).isEqualTo(1);
                assertThat(Files.readString(folder.resolve("ill.log")))
                        .contains("not come back in time", "belle: a step of belle-tiny had not come back after 2 s");
                assertThat(all(url, "after")).isEqualTo(expected);
            }
        }
    }

    private RunningMember node(String name, Path bundle, String seed, String hangFile) throws Exception {
        Path config = Files.writeString(folder.resolve(name + ".conf"), """
                belle.node {
                  planted-faults { hang-file = "%s", min-step = 5 ms }
                  replica.step-deadline = 1 s
                  leave-after-stall = 1 s
                  runtime { threads = 1, kv-cache-bytes = 64 MiB }
                }
                """.formatted(hangFile));
        return RunningMember.start(
                folder.resolve(name + ".log"),
                "node",
                "--model",
                bundle.toString(),
                "--seed",
                seed,
                "--fast-failover",
                "--config",
                config.toString());
    }

    private static List<String> all(URI url, String round) throws Exception {
        try (var clients = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<String>> asked = new ArrayList<>();
            for (int i = 0; i < STREAMS; i++) {
                int number = i;
                asked.add(clients.submit(() -> ask(url, round, number)));
            }
            List<String> answers = new ArrayList<>();
            for (Future<String> answer : asked) {
                answers.add(answer.get(90, TimeUnit.SECONDS));
            }
            return answers;
        }
    }

    private static String ask(URI url, String round, int number) throws Exception {
        String body = "{\"model\": \"belle-tiny\", \"prompt\": \"第" + number
                + "个故事\", \"max_tokens\": 60, \"ignore_eos\": true, \"temperature\": 0.9, \"seed\": " + number + "}";
        var answer = HTTP.send(
                HttpRequest.newBuilder(url.resolve("/v1/completions"))
                        .header("Content-Type", "application/json")
                        .header("X-Session-Id", round + "-" + number)
                        .POST(BodyPublishers.ofString(body))
                        .build(),
                BodyHandlers.ofString());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return answer.body().replaceFirst(".*\"choices\"", "").replaceFirst("\"cached_tokens\":\\d+", "");
    }
}
