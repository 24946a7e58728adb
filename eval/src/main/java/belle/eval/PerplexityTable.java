package belle.eval;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Perplexity of reference answers by class. */
public final class PerplexityTable {
    private PerplexityTable() {}

    /**
     * The references of one class, or of all ({@code all}).
     *
     * @param references that have a score
     * @param withoutReference questions that are left out
     * @param failed references without a score
     * @param perToken exp of the mean negative log-likelihood of a token; NaN where nothing was scored
     * @param perCharacter the same of a code point: of models with other tokenizers this one compares
     */
    public record Row(
            String taskClass,
            int references,
            int withoutReference,
            int failed,
            long tokens,
            long characters,
            double perToken,
            double perCharacter) {}

    /** The table's rows, all classes first. */
    public static List<Row> of(List<EvalItem> items, Map<Long, AnswerScore> scores) {
        List<Row> rows = new ArrayList<>();
        rows.add(row("all", items, scores));
        EvalSet.byClass(items).forEach((name, members) -> rows.add(row(name, members, scores)));
        return List.copyOf(rows);
    }

    private static Row row(String name, List<EvalItem> items, Map<Long, AnswerScore> scores) {
        int scored = 0;
        int without = 0;
        long tokens = 0;
        long characters = 0;
        double sumNll = 0;
        for (EvalItem item : items) {
            AnswerScore score = scores.get(item.number());
            if (item.reference().isBlank()) {
                without++;
            } else if (score != null && score.failure().isEmpty()) {
                scored++;
                tokens += score.tokens();
                characters += score.characters();
                sumNll += score.sumNll();
            }
        }
        return new Row(
                name,
                scored,
                without,
                items.size() - without - scored,
                tokens,
                characters,
                Math.exp(sumNll / tokens),
                Math.exp(sumNll / characters));
    }
}
