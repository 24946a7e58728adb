package belle.scaling;

import belle.engine.EngineConfig;
import belle.engine.GenerationRequest;
import belle.gateway.placement.Placement;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.SamplingParams;
import belle.proto.Tokens;
import belle.scaling.Traffic.Arrivals;
import belle.scaling.Traffic.Burst;
import belle.scaling.Traffic.Streams;
import belle.scaling.Traffic.Window;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Nodes under traffic, event by event: each node plans its steps with the real {@link belle.engine.Engine}, each conversation gets its
 * node by the gateways' {@link Placement}, and only the time that a step takes is the model's. The same arguments give the same result.
 */
public final class Simulation {
    private static final double NANOS = 1e9;
    /** Conversations here have no common beginning, so it does not matter. */
    private static final double BOUND = 1.25;

    private final Traffic traffic;
    private final Random random;
    private final Counts counts = new Counts();
    private final Map<String, SimulatedNode> nodes = new LinkedHashMap<>();
    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private long scheduled;
    private long requests;
    private long now;
    private boolean refills;

    /** Something that happens; of two at one time the one that was scheduled first. */
    private record Event(long nanos, long number, Runnable what) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            return nanos != other.nanos ? Long.compare(nanos, other.nanos) : Long.compare(number, other.number);
        }
    }

    private Simulation(Replica replica, int size, EngineConfig config, Traffic traffic) {
        this.traffic = traffic;
        random = new Random(traffic.seed());
        for (int i = 0; i < size; i++) {
            String name = "node-" + i;
            nodes.put(name, new SimulatedNode(name, replica, config, counts));
        }
    }

    /**
     * Runs {@code nodes} replicas under {@code traffic}; times of the gateway are the machine's.
     *
     * @throws FailureException when the longest request has no room in a replica
     */
    public static Outcome run(Replica replica, int nodes, EngineConfig config, Traffic traffic, Machine machine) {
        int prompt = traffic.longest(traffic.promptTokens());
        int answer = traffic.longest(traffic.answerTokens());
        if (prompt + answer > replica.contextTokens()) {
            throw new FailureException(new Failure.TooLong(prompt, answer, replica.contextTokens()));
        }
        return new Simulation(replica, nodes, config, traffic).run().outcome(machine.gateway());
    }

    /** Before anything is counted, each node has a request alone, from which its engine learns how long steps take. */
    private Counts run() {
        submitAll(nodes.size());
        runUntil(Long.MAX_VALUE);
        long begin = now;
        switch (traffic.load()) {
            case Streams streams -> {
                refills = true;
                submitAll(streams.perNode() * nodes.size());
                runWindow(begin, streams.window());
            }
            case Arrivals arrivals -> {
                arrive(arrivals);
                runWindow(begin, arrivals.window());
            }
            case Burst burst -> {
                counts.open(begin, Long.MAX_VALUE);
                submitAll(burst.requests());
                runUntil(Long.MAX_VALUE);
            }
        }
        return counts;
    }

    private void runWindow(long begin, Window window) {
        long from = begin + Math.round(window.warmUpSeconds() * NANOS);
        long to = from + Math.round(window.seconds() * NANOS);
        counts.open(from, to);
        runUntil(to);
    }

    private void runUntil(long end) {
        while (!events.isEmpty() && events.peek().nanos() < end) {
            Event event = events.poll();
            now = event.nanos();
            event.what().run();
        }
    }

    private void at(long nanos, Runnable what) {
        events.add(new Event(nanos, scheduled++, what));
    }

    /** One after the other: the first one's step has begun when the second one comes, as behind a gateway. */
    private void submitAll(int count) {
        for (int i = 0; i < count; i++) {
            begin(submit());
        }
    }

    /** Has the next request come, and then the one after it. */
    private void arrive(Arrivals arrivals) {
        double wait = -Math.log(1 - random.nextDouble()) / (arrivals.perNodeSecond() * nodes.size());
        at(now + Math.round(wait * NANOS), () -> {
            begin(submit());
            arrive(arrivals);
        });
    }

    /** Sends a new conversation to the node that the gateways would choose. */
    private SimulatedNode submit() {
        Map<String, Integer> loads = new LinkedHashMap<>();
        nodes.values().forEach(node -> loads.put(node.name(), node.streams()));
        String stream = "stream-" + requests++;
        SimulatedNode node = Objects.requireNonNull(nodes.get(
                Placement.choose(Optional.empty(), stream, loads, BOUND).orElseThrow()));
        int[] prompt = IntStream.range(0, drawn(traffic.promptTokens()))
                .map(_ -> random.nextInt(StandIn.VOCABULARY))
                .toArray();
        var params = SamplingParams.greedy(drawn(traffic.answerTokens()));
        node.submit(new GenerationRequest(stream, Tokens.of(prompt), params, "tenant", false), now);
        return node;
    }

    private int drawn(int mean) {
        double least = mean * (1 - traffic.spread());
        return Math.max(1, (int) Math.round(least + 2 * traffic.spread() * mean * random.nextDouble()));
    }

    private void begin(SimulatedNode node) {
        node.begin(now)
                .ifPresent(end -> at(end, () -> {
                    int ended = node.end(now);
                    begin(node);
                    if (refills) {
                        submitAll(ended);
                    }
                }));
    }
}
