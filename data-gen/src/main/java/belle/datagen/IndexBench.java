package belle.datagen;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * What one more item costs an index that has many: tokens are drawn by Zipf's law from 30,000, texts have 8 to 40 of them. A tenth of
 * the queries repeats most of an indexed text, as near-duplicates do.
 */
public final class IndexBench {
    private static final int VOCABULARY = 30_000;
    private static final int REMEMBERED = 1000;
    private static final int QUERIES = 500;

    /** As data-gen's default. */
    private static final double LIMIT = 18;

    private final RandomGenerator random = RandomGeneratorFactory.getDefault().create(3);
    private final double[] cumulated = new double[VOCABULARY];
    private final List<int[]> remembered = new ArrayList<>();

    private IndexBench() {
        double sum = 0;
        for (int rank = 0; rank < VOCABULARY; rank++) {
            sum += 1.0 / (rank + 2.7);
            cumulated[rank] = sum;
        }
    }

    /**
     * Fills an index and times queries with the adding that follows.
     *
     * @param sizes of the index, ascending, at which to measure
     * @param rows hears a line for each
     */
    public static void run(List<Integer> sizes, Consumer<String> rows) {
        var bench = new IndexBench();
        var index = new Bm25Index();
        for (int size : sizes) {
            while (index.size() < size) {
                index.add(bench.text());
            }
            rows.accept(bench.measure(index, size));
        }
    }

    private String measure(Bm25Index index, int size) {
        double[] millis = new double[QUERIES];
        int kept = 0;
        for (int i = 0; i < QUERIES; i++) {
            int[] query = i % 10 == 0 ? like(remembered.get(random.nextInt(remembered.size()))) : text();
            long begin = System.nanoTime();
            kept += index.similarity(query, LIMIT).isPresent() ? 1 : 0;
            index.add(query);
            millis[i] = (System.nanoTime() - begin) / 1e6;
        }
        Arrays.sort(millis);
        Runtime runtime = Runtime.getRuntime();
        runtime.gc();
        return String.format(
                Locale.ROOT,
                "%,10d documents  one more: mean %.2f ms, median %.2f, 99%% %.2f  (%d of %d below the limit)  heap %d MB",
                size,
                Arrays.stream(millis).average().orElse(0),
                millis[QUERIES / 2],
                millis[QUERIES * 99 / 100],
                kept,
                QUERIES,
                (runtime.totalMemory() - runtime.freeMemory()) >> 20);
    }

    private int[] text() {
        int[] tokens = new int[8 + random.nextInt(33)];
        Arrays.setAll(tokens, _ -> token());
        if (remembered.size() < REMEMBERED) {
            remembered.add(tokens);
        }
        return tokens;
    }

    private int[] like(int[] text) {
        int[] near = text.clone();
        for (int i = 0; i < near.length; i += 5) {
            near[i] = token();
        }
        return near;
    }

    private int token() {
        int at = Arrays.binarySearch(cumulated, random.nextDouble() * cumulated[VOCABULARY - 1]);
        return at < 0 ? Math.min(-at - 1, VOCABULARY - 1) : at;
    }
}
