package belle.datagen;

import belle.datagen.Bm25Index.Hit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/** The best hits of those offered; of equal ones the older. */
final class Best {
    /** Worst first. */
    private static final Comparator<Hit> ORDER = Comparator.comparingDouble(Hit::score)
            .thenComparing(Comparator.comparingInt(Hit::document).reversed());

    private final PriorityQueue<Hit> hits = new PriorityQueue<>(ORDER);

    void offer(int document, double score) {
        if (hits.size() < Bm25Index.NEAREST) {
            hits.add(new Hit(document, score));
            return;
        }
        Hit worst = hits.element();
        if (score > worst.score() || (score == worst.score() && document < worst.document())) {
            hits.remove();
            hits.add(new Hit(document, score));
        }
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
