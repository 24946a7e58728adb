package belle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import belle.bench.HealthCheck;
import com.google.protobuf.ByteString;
import io.opentelemetry.proto.trace.v1.Span;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A request is followed from its client over the gateway and its session to the steps that computed it. */
class TracesTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
    private static final String CALLER = "00f067aa0ba902b7";
    private static final int TOKENS = 6;

    @TempDir
    private Path folder;

    @Test
    void aRequestIsOneTraceOverGatewaySessionAndSteps() throws Exception {
        Path bundle = TinyBundle.in(folder);
        try (var collector = new Collector();
                RunningMember gateway =
                        member(collector, "gateway", "--port", "0").awaitReady();
                RunningMember node = member(
                                collector,
                                "node",
                                "--model",
                                bundle.toString(),
                                "--threads",
                                "1",
                                "--seed",
                                gateway.said("cluster (\\S+),"))
                        .awaitReady()) {
            URI url = URI.create(gateway.said("^(http://\\S+)"));
            assertThat(HealthCheck.await(url.resolve("/health/ready"), PATIENCE, () -> true))
                    .isTrue();
            var answer = HTTP.send(
                    HttpRequest.newBuilder(url.resolve("/v1/completions"))
                            .header("Content-Type", "application/json")
                            .header("traceparent", "00-" + TRACE + "-" + CALLER + "-01")
                            .POST(BodyPublishers.ofString("{\"model\":\"belle-tiny\",\"prompt\":\"你好\",\"max_tokens\":"
                                    + TOKENS + ",\"ignore_eos\":true,\"temperature\":0,\"stream\":true}"))
                            .build(),
                    BodyHandlers.ofString());
            assertThat(answer.statusCode()).isEqualTo(200);
            Span request = awaited(collector, "POST /v1/completions");
            Span turn = awaited(collector, "turn");
            Span admission = awaited(collector, "admission");
            Span first = awaited(collector, "first token");
            Span decode = awaited(collector, "decode");
            assertThat(hex(request.getTraceId())).isEqualTo(TRACE);
            assertThat(hex(request.getParentSpanId())).isEqualTo(CALLER);
            assertThat(request.getKind()).isEqualTo(Span.SpanKind.SPAN_KIND_SERVER);
            assertThat(turn.getParentSpanId()).isEqualTo(request.getSpanId());
            assertThat(List.of(admission, first, decode))
                    .allMatch(part -> part.getParentSpanId().equals(turn.getSpanId()))
                    .allMatch(part -> part.getTraceId().equals(request.getTraceId()));
            assertThat(decode.getEventsCount()).isEqualTo(TOKENS - 1); // The first token ends the part before.
            String stream = answer.body()
                    .lines()
                    .filter(line -> line.startsWith("id: "))
                    .findFirst()
                    .orElseThrow()
                    .substring(4);
            assertThat(Set.of("stream=" + stream.substring(0, stream.lastIndexOf('.')), "model=belle-tiny", "epoch=1"))
                    .isSubsetOf(tags(turn));
            awaitMetrics(node);
        }
    }

    private RunningMember member(Collector collector, String role, String... more) throws Exception {
        Path config = Files.writeString(
                folder.resolve(role + ".conf"),
                "belle.traces { enabled = yes, endpoint = \"" + collector.url() + "\" }\n");
        List<String> arguments =
                new ArrayList<>(List.of(role, "--management-port", "0", "--config", config.toString()));
        arguments.addAll(List.of(more));
        return RunningMember.start(folder.resolve(role + ".log"), arguments.toArray(String[]::new));
    }

    private static Span awaited(Collector collector, String name) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            List<Span> all = collector.spans();
            Optional<Span> found =
                    all.stream().filter(span -> span.getName().equals(name)).findFirst();
            if (found.isPresent()) {
                return found.get();
            }
            assertThat(System.nanoTime())
                    .as("%s among %s", name, all.stream().map(Span::getName).toList())
                    .isLessThan(end);
            Thread.sleep(100);
        }
    }

    private static Set<String> tags(Span span) {
        return span.getAttributesList().stream()
                .map(tag -> tag.getKey() + "="
                        + (tag.getValue().hasStringValue()
                                ? tag.getValue().getStringValue()
                                : tag.getValue().getIntValue()))
                .collect(Collectors.toSet());
    }

    private static String hex(ByteString bytes) {
        return HexFormat.of().formatHex(bytes.toByteArray());
    }

    /** The page is as of the last tick, which may be one before there was anything to count. */
    private static void awaitMetrics(RunningMember node) throws Exception {
        URI page = URI.create(node.said("management (\\S+)")).resolve("/metrics");
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            String metrics = HTTP.send(HttpRequest.newBuilder(page).build(), BodyHandlers.ofString())
                    .body();
            if (metrics.contains("belle_")) {
                return;
            }
            assertThat(System.nanoTime()).as(metrics).isLessThan(end);
            Thread.sleep(100);
        }
    }
}
