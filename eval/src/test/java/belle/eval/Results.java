package belle.eval;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** Results that tests make up. */
final class Results {
    private Results() {}

    /** A model whose every answer is {@code text}, with the judge's scores from 0 to 1. */
    static ModelResult judged(String name, List<EvalItem> items, String text, ToDoubleFunction<EvalItem> score) {
        Map<Long, Reply> replies = new TreeMap<>();
        Map<Long, Judgement> judgements = new TreeMap<>();
        for (EvalItem item : items) {
            replies.put(item.number(), new Reply(item.number(), text, "stop", ""));
            double value = score.applyAsDouble(item);
            @Nullable Double known = Double.isNaN(value) ? null : (Double) value;
            judgements.put(item.number(), new Judgement(item.number(), Judgement.hash(text), known, 1, text, ""));
        }
        return new ModelResult(
                new AnswerFile(Path.of(name), new Answers.Settings("set", name), replies), Optional.of(judgements));
    }
}
