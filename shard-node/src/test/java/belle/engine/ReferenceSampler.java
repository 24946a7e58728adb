package belle.engine;

import belle.proto.SamplingParams;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Sampling written for clarity: every step over the whole sorted vocabulary, as Hugging Face's warpers do it; -0 is 0. */
final class ReferenceSampler {
    private record Entry(int id, double logit) {}

    private ReferenceSampler() {}

    /** Returns the probability of every id that may be drawn, best first. */
    static Map<Integer, Double> distribution(float[] row, int ids, SamplingParams params) {
        List<Entry> entries = new ArrayList<>();
        for (int id = 0; id < ids; id++) {
            entries.add(new Entry(id, 0.0 + row[id]));
        }
        entries.sort(Comparator.comparingDouble(Entry::logit).reversed().thenComparingInt(Entry::id));
        if (params.temperature() == 0) {
            return Map.of(entries.getFirst().id(), 1.0);
        }
        if (params.topK() > 0) {
            entries = entries.subList(0, Math.min(params.topK(), entries.size()));
        }
        double[] before = softmax(entries, params.temperature());
        int kept = 0;
        double mass = 0;
        while (kept < before.length && (kept == 0 || mass < params.topP())) {
            mass += before[kept++];
        }
        entries = entries.subList(0, kept);
        double[] after = softmax(entries, params.temperature());
        while (kept > 1 && after[kept - 1] < params.minP() * after[0]) {
            kept--;
        }
        entries = entries.subList(0, kept);
        double[] last = softmax(entries, params.temperature());
        Map<Integer, Double> distribution = new TreeMap<>();
        for (int i = 0; i < kept; i++) {
            distribution.put(entries.get(i).id(), last[i]);
        }
        return distribution;
    }

    /** Returns the id where the sorted distribution's running sum first exceeds {@code uniform}. */
    static int draw(float[] row, int ids, SamplingParams params, double uniform) {
        Map<Integer, Double> distribution = distribution(row, ids, params);
        List<Integer> best = new ArrayList<>(distribution.keySet());
        best.sort(Comparator.comparingDouble((Integer id) -> 0.0 + row[id])
                .reversed()
                .thenComparingInt(id -> id));
        double passed = 0;
        for (int id : best) {
            passed += distribution.getOrDefault(id, 0.0);
            if (passed > uniform) {
                return id;
            }
        }
        return best.getLast();
    }

    private static double[] softmax(List<Entry> entries, double temperature) {
        double most = entries.getFirst().logit();
        double[] weights = entries.stream()
                .mapToDouble(entry -> Math.exp((entry.logit() - most) / temperature))
                .toArray();
        double sum = 0;
        for (double weight : weights) {
            sum += weight;
        }
        for (int i = 0; i < weights.length; i++) {
            weights[i] /= sum;
        }
        return weights;
    }
}
