package belle.gateway.work;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.Map;
import kamon.Kamon;
import kamon.metric.Counter;
import kamon.metric.Gauge;
import kamon.metric.Histogram;
import kamon.metric.Timer;
import kamon.prometheus.PrometheusReporter;
import kamon.tag.TagSet;

/**
 * What the gateway counts; {@code docs/metrics.md} explains the names.
 *
 * <p>Kamon is started without its agent: attached at run time it half-instruments Pekko HTTP on this JDK, and every
 * request fails.
 */
public final class Metrics {
    private static final String REPORTER = "belle-metrics-";

    private final PrometheusReporter reporter = PrometheusReporter.create();
    private final Gauge activeStreams =
            Kamon.gauge("belle.gateway.streams.active").withoutTags();
    private final Timer firstToken = Kamon.timer("belle.gateway.first-token").withoutTags();
    private final Timer betweenEvents =
            Kamon.timer("belle.gateway.between-events").withoutTags();
    private final Counter sentBytes = Kamon.counter("belle.gateway.sent.bytes").withoutTags();
    private final Counter brokenStreams =
            Kamon.counter("belle.gateway.streams.failed").withoutTags();
    private final Histogram promptTokens =
            Kamon.histogram("belle.gateway.prompt-tokens").withoutTags();

    /**
     * Starts Kamon and the page of metrics.
     *
     * @param tick how old the page's numbers may be
     */
    public static Metrics start(Config config, Duration tick) {
        Kamon.initWithoutAttaching(ConfigFactory.parseMap(Map.of(
                        "kamon.prometheus.start-embedded-http-server", false, "kamon.metric.tick-interval", tick))
                .withFallback(config));
        var metrics = new Metrics();
        Kamon.addReporter(REPORTER + System.identityHashCode(metrics), metrics.reporter);
        return metrics;
    }

    /** Returns all metrics of this JVM in Prometheus' text format, as of the last tick. */
    public String page() {
        return reporter.scrapeData();
    }

    /** Counts an answer; {@code method} is GRPC for a gRPC call, whose status is that of HTTP with the same meaning. */
    public void answered(String route, String method, int status) {
        Kamon.counter("belle.gateway.requests")
                .withTags(TagSet.builder()
                        .add("route", route)
                        .add("method", method)
                        .add("status", status)
                        .build())
                .increment();
    }

    void streamBegan(int prompt) {
        activeStreams.increment();
        promptTokens.record(prompt);
    }

    void streamEnded() {
        activeStreams.decrement();
    }

    void streamFailed() {
        brokenStreams.increment();
    }

    void firstToken(Duration sinceRequest) {
        firstToken.record(sinceRequest);
    }

    void betweenEvents(Duration gap) {
        betweenEvents.record(gap);
    }

    /** Counts what was written to clients of streams. */
    public void sent(int bytes) {
        sentBytes.increment(bytes);
    }
}
