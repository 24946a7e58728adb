package belle.eval;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** How many answers to mathematical questions have the right number, and how many answers to questions for code pass their tests. */
public final class PassRate {
    private final List<EvalItem> items;
    private final Map<Long, Reply> replies;
    private final Bootstrap bootstrap;

    /** {@code seed} is of the intervals. */
    public PassRate(List<EvalItem> items, Map<Long, Reply> replies, long seed) {
        this.items = List.copyOf(items);
        this.replies = Map.copyOf(replies);
        this.bootstrap = new Bootstrap(seed);
    }

    /**
     * Of one class.
     *
     * @param checked questions that can be checked; those without an answer count as not passed
     * @param unanswered of them
     * @param uncheckable mathematical questions whose reference has no number, questions for code without tests; they do not count
     * @param rate in percent; empty where nothing was checked
     */
    public record Row(
            String taskClass,
            int checked,
            int passed,
            int unanswered,
            int uncheckable,
            Optional<ScoreTable.Score> rate) {}

    /** Of class {@code math}. */
    public Row math() throws IOException {
        return row(
                "math",
                (item, reply) ->
                        MathAnswer.isRight(item.question(), reply == null ? "" : reply.answer(), item.reference()));
    }

    /**
     * Of class {@code code}.
     *
     * @param tests by the questions' numbers
     * @param sandbox where the answers run; not asked for when there is no test
     */
    public Row code(Map<Long, String> tests, Supplier<Sandbox> sandbox) throws IOException {
        return row("code", (item, reply) -> {
            String test = tests.get(item.number());
            if (test == null) {
                return Optional.empty();
            }
            return Optional.of(reply != null && CodeRun.passes(sandbox.get(), reply.answer(), test));
        });
    }

    /** Whether an answer is right; empty where that cannot be told of the question. */
    private interface Check {
        Optional<Boolean> passes(EvalItem item, @Nullable Reply reply) throws IOException;
    }

    private Row row(String taskClass, Check check) throws IOException {
        List<Boolean> results = new ArrayList<>();
        int unanswered = 0;
        int uncheckable = 0;
        for (EvalItem item : items) {
            if (!item.taskClass().equals(taskClass)) {
                continue;
            }
            Reply reply = replies.get(item.number());
            boolean answered = reply != null && reply.answers();
            Optional<Boolean> result = check.passes(item, answered ? reply : null);
            if (result.isEmpty()) {
                uncheckable++;
                continue;
            }
            unanswered += answered ? 0 : 1;
            results.add(result.get());
        }
        double[] values =
                results.stream().mapToDouble(passed -> passed ? 100 : 0).toArray();
        int passed = (int) results.stream().filter(each -> each).count();
        Optional<ScoreTable.Score> rate =
                values.length == 0 ? Optional.empty() : Optional.of(ScoreTable.score(bootstrap, values));
        return new Row(taskClass, values.length, passed, unanswered, uncheckable, rate);
    }
}
