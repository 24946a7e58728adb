package belle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import belle.bench.HealthCheck;
import belle.export.bundle.ExportOptions;
import belle.export.bundle.Exporter;
import belle.export.checkpoint.Progress;
import belle.proto.bundle.PromptTemplates;
import belle.proto.bundle.WeightType;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** A cluster of one gateway and two nodes, each a process of its own; the later tests have members leave. */
@SuppressWarnings("NullAway.Init")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ClusterTest {
    private static final Path CHECKPOINT = Path.of("src", "main", "model", "belle-tiny");
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    private static Path folder;

    private static RunningMember gateway;
    private static RunningMember one;
    private static RunningMember two;
    private static String url;
    private static String management;
    private static String seed;

    @BeforeAll
    static void start() throws Exception {
        String bundle = export("belle-tiny", Optional.empty());
        gateway = RunningMember.gateway(folder);
        url = gateway.said("^(http://\\S+)");
        seed = gateway.said("cluster (\\S+),");
        management = gateway.said("management (\\S+)");
        one = node("one", bundle);
        two = node("two", bundle);
        one.awaitReady();
        two.awaitReady();
        assertThat(HealthCheck.await(URI.create(url + "/health/ready"), PATIENCE, () -> true))
                .isTrue();
    }

    @AfterAll
    static void stop() throws IOException {
        for (RunningMember member : List.of(gateway, one, two)) {
            member.close();
        }
    }

    @Test
    @Order(1)
    void answersAChat() throws Exception {
        HttpResponse<String> answer = chat();
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(new ObjectMapper()
                        .readTree(answer.body())
                        .at("/choices/0/message/content")
                        .asText())
                .isNotEmpty();
    }

    @Test
    @Order(2)
    void statusShowsEveryMemberWithRoleModelAndShards() throws Exception {
        Belle status = Belle.run("cluster", "status", "--json", "--url", management);
        assertThat(status.status()).as(status.err()).isZero();
        JsonNode members = new ObjectMapper().readTree(status.out()).get("members");
        assertThat(members)
                .hasSize(3)
                .allMatch(member -> member.get("status").asText().equals("up"));
        assertThat(members)
                .extracting(member -> member.at("/roles/0").asText())
                .containsExactly("gateway", "node", "node");
        assertThat(members)
                .extracting(member -> member.at("/node/models/0/state").asText())
                .containsExactly("", "ready", "ready");
        assertThat(members.get(1).get("shards").asInt()
                        + members.get(2).get("shards").asInt())
                .isPositive();
        assertThat(members.get(1).get("version").asText()).isEqualTo(Version.text());
    }

    @Test
    @Order(3)
    void membersSayHowTheyAre() throws Exception {
        for (RunningMember member : List.of(gateway, one, two)) {
            String own = member.said("management (\\S+)");
            assertThat(get(own + "/health/live").statusCode()).isEqualTo(200);
            assertThat(get(own + "/health/ready").statusCode()).isEqualTo(200);
        }
        assertThat(get(management + "/").body()).contains("BELLE cluster", seed);
    }

    @Test
    @Order(4)
    void anotherBundleOfTheSameNameIsRefused() throws Exception {
        String other = export("other/belle-tiny", Optional.of(WeightType.F32));
        Belle refused = Belle.run("node", "--model", other, "--seed", seed, "--fast-failover");
        assertThat(refused.status()).as(refused.out()).isEqualTo(1);
        assertThat(refused.err().lines().filter(line -> line.startsWith("belle: ")))
                .singleElement()
                .asString()
                .containsPattern("'belle-tiny' is bundle [0-9a-f]{64} here, but .* bundle [0-9a-f]{64} .*member 127");
    }

    @Test
    @Order(5)
    void aNodeThatIsToldToStopLeavesAndTheOtherOneGoesOn() throws Exception {
        assertThat(one.terminate()).isZero();
        HttpResponse<String> answer = chat();
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }

    @Test
    @Order(6)
    void aNodeThatIsDrainedLeavesAndEndsItsProcess() throws Exception {
        String address = two.said("^(\\S+) is ready");
        Belle unknown = Belle.run("cluster", "drain", "127.0.0.1:1", "--url", management);
        assertThat(unknown.status()).isEqualTo(1);
        assertThat(unknown.err()).contains("127.0.0.1:1");
        Belle drained = Belle.run("cluster", "drain", address, "--url", management);
        assertThat(drained.status()).as(drained.err()).isZero();
        assertThat(two.awaitEnd()).isZero();
        assertThat(gateway.terminate()).isZero();
    }

    private static RunningMember node(String name, String bundle) throws IOException {
        return RunningMember.start(
                folder.resolve(name + ".log"), "node", "--model", bundle, "--seed", seed, "--fast-failover");
    }

    private static String export(String name, Optional<WeightType> weights) {
        Path target = folder.resolve(name);
        Exporter.export(CHECKPOINT, new ExportOptions(target, false, weights, PromptTemplates.BELLE, 0), Progress.NONE);
        return target.toString();
    }

    private static HttpResponse<String> chat() throws IOException, InterruptedException {
        String body = """
                {"model": "belle-tiny", "max_tokens": 8, "messages": [{"role": "user", "content": "你好"}]}
                """;
        return send(HttpRequest.newBuilder(URI.create(url + "/v1/chat/completions"))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body)));
    }

    private static HttpResponse<String> get(String address) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(URI.create(address)));
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        try (var http = HttpClient.newHttpClient()) {
            return http.send(request.timeout(PATIENCE).build(), BodyHandlers.ofString());
        }
    }
}
