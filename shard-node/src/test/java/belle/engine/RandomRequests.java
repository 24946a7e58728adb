package belle.engine;

import belle.proto.SamplingParams;
import belle.proto.Tokens;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Requests of every kind, drawn by a simulation. */
final class RandomRequests {
    private static final String[] STOPS = {"ab", "ba你", "aaa", "你b", "bb"};

    private final Simulation simulation;
    private final List<Tokens> turns = new ArrayList<>();

    RandomRequests(Simulation simulation) {
        this.simulation = simulation;
    }

    GenerationRequest next(int number) {
        var params = new SamplingParams(
                simulation.below(14),
                simulation.oneIn(2) ? 0 : 0.5 * (1 + simulation.below(3)),
                simulation.below(4),
                simulation.oneIn(2) ? 1 : 0.7,
                simulation.oneIn(3) ? 0.1 : 0,
                simulation.oneIn(3) ? 1.2 : 1,
                simulation.oneIn(4) ? 0.5 : 0,
                simulation.oneIn(4) ? -0.5 : 0,
                simulation.oneIn(5) ? Map.of(1, 2.5) : Map.of(),
                simulation.bits(),
                simulation.below(4) - 1,
                simulation.oneIn(3) ? List.of(STOPS[simulation.below(5)], STOPS[simulation.below(5)]) : List.of(),
                simulation.oneIn(4),
                simulation.oneIn(4) ? 1 + simulation.below(3) : 1);
        return new GenerationRequest(
                "stream-" + number, prompt(), params, "tenant-" + simulation.below(3), simulation.oneIn(5));
    }

    /** Half of the prompts begin like an earlier one, as another turn of a conversation does. */
    private Tokens prompt() {
        Tokens begin =
                turns.isEmpty() || simulation.oneIn(2) ? Tokens.EMPTY : turns.get(simulation.below(turns.size()));
        int[] more = new int[1 + simulation.below(12)];
        for (int i = 0; i < more.length; i++) {
            more[i] = simulation.below(2);
        }
        Tokens prompt =
                begin.slice(0, Math.min(begin.size(), simulation.below(20))).plus(Tokens.of(more));
        turns.add(prompt);
        return prompt;
    }
}
