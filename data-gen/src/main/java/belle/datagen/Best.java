package belle.datagen;

import belle.datagen.Bm25Index.Hit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.stream.Collectors;

/** The best hits of those offered; of equal ones the older. */
final class Best {
    /** Worst first. */
    private static final Comparator<Hit> ORDER = Comparator.comparingDouble(Hit::score)
            .thenComparing(Comparator.comparingInt(Hit::document).reversed());

    private final PriorityQueue<Hit> hits = new PriorityQueue<>(ORDER);
    private double worst = Double.NEGATIVE_INFINITY;

    /** Tells whether a hit that is younger than all those offered would be one of the best. */
    boolean takes(double score) {
        return score > worst;
    }

    void offer(int document, double score) {
        if (hits.size() < Bm25Index.NEAREST) {
            hits.add(new Hit(document, score));
        } else if (ORDER.compare(hits.element(), new Hit(document, score)) < 0) {
            hits.remove();
            hits.add(new Hit(document, score));
        }
        worst = isFull() ? hits.element().score() : worst;
    }

    /** The best score; 0 if there is none. */
    double most() {
        return hits.stream().mapToDouble(Hit::score).max().orElse(0);
    }

    Set<Integer> documents() {
        return hits.stream().map(Hit::document).collect(Collectors.toSet());
    }

    boolean isFull() {
        return hits.size() == Bm25Index.NEAREST;
    }

    /** Best first. */
    List<Hit> hits() {
        List<Hit> sorted = new ArrayList<>(hits);
        sorted.sort(ORDER.reversed());
        return List.copyOf(sorted);
    }
}
