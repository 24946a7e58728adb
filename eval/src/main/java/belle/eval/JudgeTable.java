package belle.eval;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/** A judge's scores of a model's answers, by class. */
public final class JudgeTable {
    private JudgeTable() {}

    /**
     * The answers of one class, or of all ({@code all}).
     *
     * @param questions all of them
     * @param unanswered questions without an answer; they count as 0
     * @param withoutScore answers that the judge gave no score to; they do not count
     * @param unjudged answers that the judge was not asked about yet, or could not be; they do not count
     * @param judge in percent; null if none counts
     */
    public record Row(
            String taskClass,
            int questions,
            int unanswered,
            int withoutScore,
            int unjudged,
            ScoreTable.@Nullable Score judge) {}

    /** The table's rows, all classes first. */
    public static List<Row> of(List<EvalItem> items, ModelResult result, long seed) {
        List<Row> rows = new ArrayList<>();
        rows.add(row("all", items, result, seed));
        EvalSet.byClass(items).forEach((name, members) -> rows.add(row(name, members, result, seed)));
        return List.copyOf(rows);
    }

    private static Row row(String name, List<EvalItem> items, ModelResult result, long seed) {
        List<Double> scores = new ArrayList<>();
        int unanswered = 0;
        int withoutScore = 0;
        int unjudged = 0;
        for (EvalItem item : items) {
            OptionalDouble score = result.score(item, Measure.JUDGE);
            score.ifPresent(scores::add);
            if (!result.answers().reply(item).answers()) {
                unanswered++;
            } else if (score.isEmpty()) {
                boolean asked = result.judgement(item)
                        .filter(judgement -> judgement.failure().isEmpty())
                        .isPresent();
                withoutScore += asked ? 1 : 0;
                unjudged += asked ? 0 : 1;
            }
        }
        ScoreTable.@Nullable Score mean = scores.isEmpty()
                ? null
                : ScoreTable.score(
                        new Bootstrap(seed),
                        scores.stream().mapToDouble(Double::doubleValue).toArray());
        return new Row(name, items.size(), unanswered, withoutScore, unjudged, mean);
    }
}
