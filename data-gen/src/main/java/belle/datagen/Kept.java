package belle.datagen;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An item that a run keeps, as it stands in the output.
 *
 * @param nearest the instructions most like it when it was kept, with their similarity, the most similar one first
 * @param mean its similarity to all kept and seed instructions
 */
@JsonPropertyOrder({"instruction", "input", "output", "most_similar_instructions", "avg_similarity_score"})
public record Kept(
        String instruction,
        String input,
        String output,
        @JsonProperty("most_similar_instructions") Map<String, Double> nearest,
        @JsonProperty("avg_similarity_score") double mean) {
    public Kept {
        nearest = new LinkedHashMap<>(nearest);
    }

    @Override
    public Map<String, Double> nearest() {
        return new LinkedHashMap<>(nearest);
    }
}
