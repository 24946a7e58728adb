package belle.export.checkpoint;

import java.util.Optional;
import java.util.Set;

/**
 * LLaMA's rotary fields: {@code rope_theta} and {@code rope_scaling}, or {@code rope_parameters} as transformers 5
 * writes both into one.
 *
 * @param contextTokens the positions the model is meant for, which linear and dynamic scaling stretch
 */
record RopeReader(Optional<Double> theta, RopeScaling scaling, int contextTokens) {
    private static final double MOST_THETA = 1e12;
    private static final double MOST_FACTOR = 1e4;

    /** Reads them from {@code fields}; {@code positions} is {@code max_position_embeddings}. */
    static RopeReader read(Fields fields, int positions, int mostTokens) {
        Optional<Double> theta = fields.number(1, MOST_THETA, "rope_theta");
        Optional<Fields> given = fields.object("rope_scaling", "rope_parameters");
        fields.number(1, 1, "partial_rotary_factor");
        if (given.isEmpty()) {
            return new RopeReader(theta, new RopeScaling.None(), positions);
        }
        Fields rope = given.get();
        Optional<Double> innerTheta = rope.number(1, MOST_THETA, "rope_theta");
        if (theta.isPresent() && innerTheta.isPresent() && !theta.equals(innerTheta)) {
            throw rope.refused("rope_theta", "%s, but config.json's own says %s", innerTheta.get(), theta.get());
        }
        rope.number(1, 1, "partial_rotary_factor");
        String kind = rope.text("rope_type", "type").orElse("default");
        RopeScaling scaling = scaling(rope, kind, positions, mostTokens);
        rope.refuseOthers(Set.of());
        double context = switch (scaling) {
            case RopeScaling.None _, RopeScaling.Llama3 _ -> positions;
            case RopeScaling.Linear(var factor) -> positions * factor;
            case RopeScaling.Dynamic(var factor, var original) -> original * factor;
        };
        if (context > mostTokens) {
            throw rope.refused("factor", "limit %d positions, given %.0f", mostTokens, context);
        }
        return new RopeReader(theta.or(() -> innerTheta), scaling, (int) context);
    }

    private static RopeScaling scaling(Fields rope, String kind, int positions, int mostTokens) {
        return switch (kind) {
            case "default" -> new RopeScaling.None();
            case "linear" -> new RopeScaling.Linear(factor(rope));
            case "dynamic" ->
                new RopeScaling.Dynamic(
                        factor(rope),
                        rope.integer(1, mostTokens, "original_max_position_embeddings")
                                .orElse(positions));
            case "llama3" -> llama3(rope, mostTokens);
            default -> throw rope.refused("rope_type", "default, linear, dynamic and llama3 are known, given %s", kind);
        };
    }

    private static RopeScaling llama3(Fields rope, int mostTokens) {
        double low = required(rope, "low_freq_factor", Double.MIN_NORMAL);
        double high = required(rope, "high_freq_factor", Double.MIN_NORMAL);
        if (high <= low) {
            throw rope.refused("high_freq_factor", "must exceed low_freq_factor %s, given %s", low, high);
        }
        return new RopeScaling.Llama3(
                factor(rope), low, high, rope.count(mostTokens, "original_max_position_embeddings"));
    }

    private static double factor(Fields rope) {
        return required(rope, "factor", 1);
    }

    private static double required(Fields rope, String name, double min) {
        return rope.number(min, MOST_FACTOR, name).orElseThrow(() -> rope.refused(name, "is missing"));
    }
}
