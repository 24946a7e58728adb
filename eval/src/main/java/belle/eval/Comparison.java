package belle.eval;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Whether a model is better than the first one, on the questions that both have a score of.
 *
 * @param questions how many those are
 * @param points how many points of 100 it is better
 * @param pValue of no difference: a paired permutation test of signs, two-sided; 1 where there is no question
 * @param adjusted the same, corrected for as many comparisons as there are (Holm 1979)
 */
public record Comparison(
        String model, String against, Measure measure, int questions, double points, double pValue, double adjusted) {
    /** Compares each model with the first. */
    public static List<Comparison> of(List<EvalItem> items, List<ModelResult> results, Measure measure, long seed) {
        List<Comparison> raw = new ArrayList<>();
        for (ModelResult result : results.subList(1, results.size())) {
            raw.add(of(items, result, results.getFirst(), measure, seed));
        }
        double[] adjusted = holm(raw.stream().mapToDouble(Comparison::pValue).toArray());
        List<Comparison> comparisons = new ArrayList<>();
        for (int i = 0; i < adjusted.length; i++) {
            Comparison c = raw.get(i);
            comparisons.add(new Comparison(
                    c.model(), c.against(), measure, c.questions(), c.points(), c.pValue(), adjusted[i]));
        }
        return List.copyOf(comparisons);
    }

    private static Comparison of(
            List<EvalItem> items, ModelResult model, ModelResult against, Measure measure, long seed) {
        List<double[]> pairs = new ArrayList<>();
        for (EvalItem item : items) {
            OptionalDouble a = model.score(item, measure);
            OptionalDouble b = against.score(item, measure);
            if (a.isPresent() && b.isPresent()) {
                pairs.add(new double[] {a.getAsDouble(), b.getAsDouble()});
            }
        }
        double[] a = pairs.stream().mapToDouble(pair -> pair[0]).toArray();
        double[] b = pairs.stream().mapToDouble(pair -> pair[1]).toArray();
        double points = mean(a) - mean(b);
        double p = a.length == 0 ? 1 : new Bootstrap(seed).pValue(a, b);
        return new Comparison(model.name(), against.name(), measure, a.length, points, p, p);
    }

    private static double mean(double[] values) {
        return Arrays.stream(values).average().orElse(0);
    }

    /** Corrects p-values for their number, step by step from the smallest. */
    static double[] holm(double[] values) {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < values.length; i++) {
            order.add(i);
        }
        order.sort((i, j) -> Double.compare(values[i], values[j]));
        double[] adjusted = new double[values.length];
        double most = 0;
        for (int rank = 0; rank < values.length; rank++) {
            int i = order.get(rank);
            most = Math.max(most, Math.min(1, (values.length - rank) * values[i]));
            adjusted[i] = most;
        }
        return adjusted;
    }
}
