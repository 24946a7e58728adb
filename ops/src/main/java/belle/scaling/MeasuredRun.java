package belle.scaling;

import belle.engine.EngineConfig;
import belle.proto.bundle.KvType;
import belle.proto.bundle.WeightType;
import belle.scaling.Traffic.Burst;
import java.util.List;

/**
 * A run that the README tells of the standard machine, to hold the simulation against: one rank, a cache of 1 GiB in f32, streams that
 * begin together. Times are seconds; 0 where the README has none.
 *
 * @param fitted whether facts of the machine were chosen so that this comes out about right
 */
public record MeasuredRun(
        ModelShape shape,
        int streams,
        int promptTokens,
        int answerTokens,
        double tokensPerSecond,
        double firstTokenMedian,
        double gapMedian,
        boolean fitted) {
    private static final long CACHE_BYTES = 1L << 30;
    private static final int PROMPT = 130;
    private static final int ANSWER = 128;

    /** All of them: 4 bits in groups of 64, the head in 8, on the chip with AVX2 alone. */
    public static List<MeasuredRun> all() {
        ModelShape small = ModelShape.published("llama-1b", WeightType.Q4, WeightType.Q8, 64, KvType.F32);
        ModelShape large = ModelShape.published("llama-7b", WeightType.Q4, WeightType.Q8, 64, KvType.F32);
        return List.of(
                new MeasuredRun(small, 1, PROMPT, ANSWER, 26.1, 0.8, 0.031, true),
                new MeasuredRun(small, 4, PROMPT, ANSWER, 48.0, 2.2, 0.049, false),
                new MeasuredRun(small, 16, PROMPT, ANSWER, 56.2, 12.9, 0.122, false),
                new MeasuredRun(small, 64, PROMPT, ANSWER, 53.2, 76, 0.138, false),
                new MeasuredRun(small, 1, 1024, 1, 0, 1024 / 147.0, 0, true),
                new MeasuredRun(small, 1, 2048, 1, 0, 15.0, 0, false),
                new MeasuredRun(large, 1, PROMPT, ANSWER, 4.59, 5.7, 0.168, true),
                new MeasuredRun(large, 4, PROMPT, ANSWER, 8.82, 12.8, 0.252, false),
                new MeasuredRun(large, 8, PROMPT, ANSWER, 9.32, 29, 0.421, false));
    }

    /** Simulates the same on {@code machine}. */
    public Outcome simulate(Machine machine, EngineConfig config, int blockTokens) {
        Replica replica = Replica.of(shape, 1, machine, CACHE_BYTES, blockTokens);
        return Simulation.run(
                replica, 1, config, new Traffic(new Burst(streams), promptTokens, answerTokens, 0, 1), machine);
    }
}
