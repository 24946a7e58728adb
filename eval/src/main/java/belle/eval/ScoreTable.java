package belle.eval;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A model's answers against the references, by class: exact match, ROUGE-L and BLEU of each answer, in percent, with 95% intervals
 * of their means. Questions without a reference do not count; those without an answer count as 0, and are told.
 */
public final class ScoreTable {
    private ScoreTable() {}

    /** A mean and its 95% interval, in percent. */
    public record Score(double mean, double low, double high) {}

    /**
     * The answers of one class, or of all ({@code all}).
     *
     * @param questions with a reference
     * @param unanswered of them
     */
    public record Row(String taskClass, int questions, int unanswered, Score exactMatch, Score rougeL, Score bleu) {}

    /** The table's rows, all classes first. */
    public static List<Row> of(List<EvalItem> items, Map<Long, Reply> replies, long seed) {
        List<Row> rows = new ArrayList<>();
        add(rows, "all", items, replies, seed);
        EvalSet.byClass(items).forEach((name, members) -> add(rows, name, members, replies, seed));
        return List.copyOf(rows);
    }

    private static void add(List<Row> rows, String name, List<EvalItem> items, Map<Long, Reply> replies, long seed) {
        List<EvalItem> counted =
                items.stream().filter(item -> !item.reference().isBlank()).toList();
        if (!counted.isEmpty()) {
            rows.add(row(name, counted, replies, new Bootstrap(seed)));
        }
    }

    private static Row row(String name, List<EvalItem> items, Map<Long, Reply> replies, Bootstrap bootstrap) {
        double[] exact = new double[items.size()];
        double[] rouge = new double[items.size()];
        double[] bleu = new double[items.size()];
        int unanswered = 0;
        for (int i = 0; i < items.size(); i++) {
            Reply reply = replies.get(items.get(i).number());
            String reference = items.get(i).reference();
            if (reply == null || !reply.answers()) {
                unanswered++;
            } else {
                exact[i] = 100 * ExactMatch.of(reply.answer(), reference);
                rouge[i] = 100 * RougeL.of(reply.answer(), reference);
                bleu[i] = Bleu.sentence(reply.answer(), reference);
            }
        }
        return new Row(
                name,
                items.size(),
                unanswered,
                score(bootstrap, exact),
                score(bootstrap, rouge),
                score(bootstrap, bleu));
    }

    static Score score(Bootstrap bootstrap, double[] values) {
        Bootstrap.Interval interval = bootstrap.mean(values);
        return new Score(interval.mean(), interval.low(), interval.high());
    }
}
