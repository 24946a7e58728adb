package belle.replica;

import belle.engine.EngineLoad;
import belle.engine.Output;
import java.util.List;
import kamon.Kamon;
import kamon.metric.Counter;
import kamon.metric.Gauge;
import kamon.metric.MeasurementUnit;
import kamon.metric.Timer;
import kamon.tag.TagSet;

/**
 * What a replica reports, each instrument tagged with its {@code model}, and what it holds with the {@code replica}, too:
 *
 * <table>
 * <caption>Instruments</caption>
 * <tr><th>name</th><th>meaning</th></tr>
 * <tr><td>belle.streams</td><td>requests that have not ended</td></tr>
 * <tr><td>belle.sequences.running, .waiting, .paused</td><td>choices, by what they do; waiting is the queue</td></tr>
 * <tr><td>belle.blocks.free, .leased, .cached</td><td>blocks of the key/value pool</td></tr>
 * <tr><td>belle.step.time</td><td>seconds from a step's sending to its return</td></tr>
 * <tr><td>belle.first.token.time</td><td>seconds from admission to a stream's first token</td></tr>
 * <tr><td>belle.inter.token.time</td><td>seconds between two tokens of a stream</td></tr>
 * <tr><td>belle.tokens.prompt, .generated</td><td>tokens of admitted prompts; tokens drawn</td></tr>
 * <tr><td>belle.tokens.reused</td><td>prompt tokens found in the cache</td></tr>
 * <tr><td>belle.preemptions</td><td>sequences that lost their blocks and were computed again</td></tr>
 * </table>
 */
final class ReplicaMetrics {
    private final Gauge streams;
    private final Gauge running;
    private final Gauge waiting;
    private final Gauge paused;
    private final Gauge free;
    private final Gauge leased;
    private final Gauge cached;
    private final Timer stepTime;
    private final Timer firstTokenTime;
    private final Timer interTokenTime;
    private final Counter promptTokens;
    private final Counter generatedTokens;
    private final Counter reusedTokens;
    private final Counter preemptions;
    private long reusedSoFar;
    private long preemptionsSoFar;

    /** The instruments of one of a model's replicas. */
    ReplicaMetrics(String model, String replica) {
        TagSet tags = TagSet.of("model", model).withTag("replica", replica);
        streams = Kamon.gauge("belle.streams").withTags(tags);
        running = Kamon.gauge("belle.sequences.running").withTags(tags);
        waiting = Kamon.gauge("belle.sequences.waiting").withTags(tags);
        paused = Kamon.gauge("belle.sequences.paused").withTags(tags);
        free = Kamon.gauge("belle.blocks.free").withTags(tags);
        leased = Kamon.gauge("belle.blocks.leased").withTags(tags);
        cached = Kamon.gauge("belle.blocks.cached").withTags(tags);
        stepTime = Kamon.timer("belle.step.time").withTag("model", model);
        firstTokenTime = Kamon.timer("belle.first.token.time").withTag("model", model);
        interTokenTime = Kamon.timer("belle.inter.token.time").withTag("model", model);
        promptTokens = counter("belle.tokens.prompt", model);
        generatedTokens = counter("belle.tokens.generated", model);
        reusedTokens = counter("belle.tokens.reused", model);
        preemptions = counter("belle.preemptions", model);
    }

    void stepTook(long nanos) {
        stepTime.record(nanos);
    }

    void holds(EngineLoad load, int liveStreams) {
        streams.update(liveStreams);
        running.update(load.runningSequences());
        waiting.update(load.waitingSequences());
        paused.update(load.pausedSequences());
        free.update(load.freeBlocks());
        leased.update(load.leasedBlocks());
        cached.update(load.cachedBlocks());
        reusedTokens.increment(load.reusedTokens() - reusedSoFar);
        preemptions.increment(load.preemptions() - preemptionsSoFar);
        reusedSoFar = load.reusedTokens();
        preemptionsSoFar = load.preemptions();
    }

    /** The replica holds nothing any more. */
    void remove() {
        for (Gauge gauge : List.of(streams, running, waiting, paused, free, leased, cached)) {
            gauge.remove();
        }
    }

    /** Begins to time a stream. */
    StreamTiming newStream(int promptTokenCount) {
        promptTokens.increment(promptTokenCount);
        return new StreamTiming();
    }

    private static Counter counter(String name, String model) {
        return Kamon.counter(name, MeasurementUnit.none()).withTag("model", model);
    }

    /** The times of one stream's tokens. */
    final class StreamTiming {
        private long lastNanos = System.nanoTime();
        private boolean begun;

        /** Takes the time of what a step gave to the stream. */
        void produced(List<Output> outputs) {
            long tokens =
                    outputs.stream().filter(Output.Token.class::isInstance).count();
            if (tokens == 0) {
                return;
            }
            long now = System.nanoTime();
            (begun ? interTokenTime : firstTokenTime).record(now - lastNanos);
            begun = true;
            lastNanos = now;
            generatedTokens.increment(tokens);
        }
    }
}
