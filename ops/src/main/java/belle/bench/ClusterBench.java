package belle.bench;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;

/**
 * Measures what a cluster of processes costs and gives: the time that a gateway of its own adds to the first token, and the
 * throughput of three nodes against one. Nodes are made slow (a step takes a set time, whoever computes beside it), so that
 * the throughput is the cluster's and not the few processors'.
 */
public final class ClusterBench {
    private static final int NODES = 3;
    private static final int TOKENS = 32;
    private static final int CLIENTS = 36;
    private static final String FAST = "belle.node.runtime { threads = 1, kv-cache-bytes = 64 MiB }\n";
    private static final String SLOW = FAST + """
            belle.node.planted-faults.min-step = 40 ms
            belle.node.engine.max-sequences = 4
            """;

    private final Function<List<String>, ProcessBuilder> belle;
    private final Path folder;
    private final Path bundle;
    private final String model;
    private final boolean smoke;

    /**
     * @param belle starts the program with arguments
     * @param folder for logs and settings
     * @param bundle a small model
     * @param model the bundle's name
     */
    public ClusterBench(
            Function<List<String>, ProcessBuilder> belle, Path folder, Path bundle, String model, boolean smoke) {
        this.belle = belle;
        this.folder = folder;
        this.bundle = bundle;
        this.model = model;
        this.smoke = smoke;
    }

    /**
     * One process with everything, against a gateway and a node; they are asked in turns. Measured twice: soon after the
     * start, while the JIT compiler is at work, and when it has done most of it.
     */
    public List<Measurement> routing() throws IOException, InterruptedException {
        LocalPort port = LocalPort.free();
        try (var _ = ServerProcess.start(
                        belle.apply(List.of(
                                "up",
                                "--port",
                                port.toString(),
                                "--model",
                                bundle.toString(),
                                "--config",
                                settings("one", FAST))),
                        port.at("/health/ready"),
                        folder.resolve("one.log"));
                var cluster = Members.start(this, 1, FAST);
                var direct = new CompletionClient(port.at("/"), model);
                var routed = new CompletionClient(cluster.url, model)) {
            List<Measurement> rows = new ArrayList<>();
            rows.addAll(firstTokens(direct, routed, smoke ? 5 : 200, smoke ? 10 : 400));
            rows.addAll(firstTokens(direct, routed, smoke ? 20 : 12_000, smoke ? 10 : 2_000));
            return rows;
        }
    }

    /** Asks both {@code unmeasured} and then {@code measured} times. */
    private static List<Measurement> firstTokens(
            CompletionClient direct, CompletionClient routed, int unmeasured, int measured)
            throws IOException, InterruptedException {
        List<Double> together = new ArrayList<>();
        List<Double> apart = new ArrayList<>();
        for (int i = 0; i < unmeasured + measured; i++) {
            String prompt = "第" + i + "个问题";
            double first = direct.complete(prompt, 1).firstTokenSeconds();
            double second = routed.complete(prompt, 1).firstTokenSeconds();
            if (i >= unmeasured) {
                together.add(first);
                apart.add(second);
            }
        }
        double own = 1000 * ServerBench.median(together);
        double gateways = 1000 * ServerBench.median(apart);
        String when = ", after " + unmeasured + " requests";
        return List.of(
                new Measurement("first token, one process" + when, own, "ms", false),
                new Measurement("first token, gateway and node" + when, gateways, "ms", false),
                new Measurement("routing adds" + when, gateways - own, "ms", false));
    }

    /** Tokens per second of one slow node and of three, always with more requests than they have places. */
    public List<Measurement> throughput() throws IOException, InterruptedException, ExecutionException {
        double one = throughputOf(1);
        double three = throughputOf(NODES);
        return List.of(
                new Measurement("1 slow node", one, "tokens/s", true),
                new Measurement(NODES + " slow nodes", three, "tokens/s", true),
                new Measurement(NODES + " nodes against 1", three / one, "times", true));
    }

    /** Between the first seconds and the last ones, so that neither cold nor ending work is counted. */
    private double throughputOf(int nodes) throws IOException, InterruptedException, ExecutionException {
        Duration warmUp = Duration.ofSeconds(smoke ? 1 : 60);
        Duration measured = Duration.ofSeconds(smoke ? 2 : 30);
        try (var cluster = Members.start(this, nodes, SLOW);
                var client = new CompletionClient(cluster.url, model);
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            client.complete("first", 1);
            long from = System.nanoTime() + warmUp.toNanos();
            long to = from + measured.toNanos();
            List<Callable<Double>> work = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                int number = i;
                work.add(() -> {
                    double tokens = 0;
                    for (int j = 0; System.nanoTime() < to; j++) {
                        tokens += client.complete("客户" + number + "的第" + j + "个问题", TOKENS)
                                .tokensBetween(from, to);
                    }
                    return tokens;
                });
            }
            double tokens = 0;
            for (Future<Double> done : threads.invokeAll(work)) {
                tokens += done.get();
            }
            return tokens / (measured.toNanos() / 1e9);
        }
    }

    private String settings(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name + ".conf"), text).toString();
    }

    /** A gateway and its nodes. */
    private static final class Members implements AutoCloseable {
        private final Deque<ServerProcess> processes = new ArrayDeque<>();
        private final URI url;

        private Members(LocalPort port) {
            this.url = port.at("/");
        }

        static Members start(ClusterBench bench, int nodes, String settings) throws IOException, InterruptedException {
            LocalPort cluster = LocalPort.free();
            LocalPort port = LocalPort.free();
            var members = new Members(port);
            try {
                members.start(bench, "gateway", "--port", port.toString(), "--cluster-port", cluster.toString());
                for (int i = 1; i <= nodes; i++) {
                    members.start(
                            bench,
                            "node",
                            "--seed",
                            "127.0.0.1:" + cluster,
                            "--model",
                            bench.bundle.toString(),
                            "--config",
                            bench.settings("node" + i, settings));
                }
                if (!HealthCheck.await(port.at("/health/ready"), Duration.ofMinutes(1), () -> true)) {
                    throw new IOException("the gateway is not ready; logs are in " + bench.folder);
                }
                return members;
            } catch (IOException | InterruptedException | RuntimeException e) {
                members.close();
                throw e;
            }
        }

        private void start(ClusterBench bench, String role, String... more) throws IOException, InterruptedException {
            LocalPort management = LocalPort.free();
            List<String> arguments = new ArrayList<>(List.of(role, "--management-port", management.toString()));
            arguments.addAll(List.of(more));
            processes.push(ServerProcess.start(
                    bench.belle.apply(arguments),
                    management.at("/health/ready"),
                    bench.folder.resolve(role + processes.size() + ".log")));
        }

        @Override
        public void close() {
            processes.forEach(ServerProcess::close);
        }
    }
}
