package belle.datagen;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** How similar kept items were to the nearest known instruction, and how long their instructions are. */
public final class Histograms {
    private static final int SIMILARITY_STEP = 2;
    private static final int LENGTH_STEP = 10;
    private static final int ROWS = 12;
    private static final int WIDTH = 40;

    private final long[] similarity = new long[ROWS];
    private final long[] length = new long[ROWS];

    void add(Kept item) {
        double most = item.nearest().values().stream().mapToDouble(x -> x).max().orElse(0);
        similarity[Math.min((int) (most / SIMILARITY_STEP), ROWS - 1)]++;
        length[Math.min(item.instruction().length() / LENGTH_STEP, ROWS - 1)]++;
    }

    /** Both as lines of text. */
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add("similarity to the nearest");
        draw(similarity, SIMILARITY_STEP, lines);
        lines.add("characters of the instruction");
        draw(length, LENGTH_STEP, lines);
        return List.copyOf(lines);
    }

    private static void draw(long[] counts, int step, List<String> lines) {
        long most = 1;
        int last = 0;
        for (int i = 0; i < counts.length; i++) {
            most = Math.max(most, counts[i]);
            last = counts[i] > 0 ? i : last;
        }
        for (int i = 0; i <= last; i++) {
            String from = i == ROWS - 1 ? i * step + " and more" : i * step + " to " + (i + 1) * step;
            lines.add(String.format(
                    Locale.ROOT, "  %-12s %8d  %s", from, counts[i], "#".repeat((int) (WIDTH * counts[i] / most))));
        }
    }
}
