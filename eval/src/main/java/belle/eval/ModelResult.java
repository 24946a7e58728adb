package belle.eval;

import belle.proto.Failure;
import belle.proto.FailureException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;

/**
 * A model's answers and, where a judge was asked, what it said of them.
 *
 * @param judgements by the questions' numbers, those of the present answers alone; nothing where no judge was asked
 */
public record ModelResult(AnswerFile answers, Optional<Map<Long, Judgement>> judgements) {
    public ModelResult {
        judgements = judgements.map(Map::copyOf);
    }

    /**
     * Reads a model's files.
     *
     * @param set the hash of the set's file
     * @throws FailureException when the files belong to another set, or the scores to other answers
     */
    public static ModelResult read(Path answers, Optional<Path> scores, String set) throws IOException {
        AnswerFile file = AnswerFile.read(answers, set);
        if (scores.isEmpty()) {
            return new ModelResult(file, Optional.empty());
        }
        Map<Long, Judgement> judgements = new TreeMap<>();
        Judge.Settings settings = Judge.read(scores.get(), judgements);
        if (!settings.set().equals(set)
                || !settings.answers().equals(file.settings().request())) {
            throw new FailureException(new Failure.Invalid(
                    "--scores", scores.get() + ": these are scores of other answers than those of " + answers));
        }
        judgements.values().removeIf(judgement -> {
            Reply reply = file.replies().get(judgement.item());
            return reply == null || !judgement.isOf(reply);
        });
        return new ModelResult(file, Optional.of(judgements));
    }

    /** The answers' file, which is the model's name in a report. */
    public String name() {
        return answers.file().toString();
    }

    /**
     * Scores an answer, in percent. A question that the model did not answer counts as 0. Nothing where there is no score: no
     * reference, a judge who gave none or was not asked yet.
     */
    OptionalDouble score(EvalItem item, Measure measure) {
        Reply reply = answers.reply(item);
        return switch (measure) {
            case JUDGE -> reply.answers() ? judged(item) : OptionalDouble.of(0);
            case ROUGE_L ->
                item.reference().isBlank()
                        ? OptionalDouble.empty()
                        : OptionalDouble.of(100 * RougeL.of(reply.answer(), item.reference()));
        };
    }

    /** What the judge said of the answer to a question. */
    Optional<Judgement> judgement(EvalItem item) {
        return judgements.map(known -> known.get(item.number()));
    }

    private OptionalDouble judged(EvalItem item) {
        return judgement(item)
                .map(Judgement::score)
                .map(score -> OptionalDouble.of(100 * score))
                .orElse(OptionalDouble.empty());
    }

    /** What these are to be compared by: the judge's scores if all have them, else ROUGE-L. */
    public static Measure measure(List<ModelResult> results) {
        boolean judged = results.stream().allMatch(result -> result.judgements().isPresent());
        return judged ? Measure.JUDGE : Measure.ROUGE_L;
    }
}
