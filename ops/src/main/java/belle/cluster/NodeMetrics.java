package belle.cluster;

import com.typesafe.config.Config;
import kamon.Kamon;
import kamon.prometheus.PrometheusReporter;

/**
 * What a process without a gateway counts. Kamon is started without its agent, for the reason that the gateway's metrics
 * tell; a process has one Kamon, and this is the only one to start it here.
 */
final class NodeMetrics {
    private final PrometheusReporter reporter = PrometheusReporter.create();

    /** Starts Kamon, and with it the sending of traces where they are on. */
    static NodeMetrics start(Config config) {
        Kamon.initWithoutAttaching(config);
        var metrics = new NodeMetrics();
        Kamon.addReporter("belle-node-metrics", metrics.reporter);
        return metrics;
    }

    /** Returns all metrics of this process in Prometheus' text format, as of Kamon's last tick. */
    String page() {
        return reporter.scrapeData();
    }
}
