package belle.export.checkpoint;

import java.util.List;
import java.util.Optional;

/**
 * The ids and sampling defaults a checkpoint brings along.
 *
 * @param eosIds ids that end a text: {@code generation_config.json}'s, or else {@code config.json}'s; may be empty
 * @param bosIds the id that begins a text, or none
 */
public record GenerationConfig(
        List<Integer> eosIds,
        List<Integer> bosIds,
        Optional<Double> temperature,
        Optional<Double> topP,
        Optional<Integer> topK,
        Optional<Double> repetitionPenalty) {
    public GenerationConfig {
        eosIds = List.copyOf(eosIds);
        bosIds = List.copyOf(bosIds);
    }
}
