package belle.eval;

import belle.client.Answer;
import belle.client.ModelClient;
import belle.client.ScoredText;
import belle.client.Scoring;
import belle.proto.bundle.PromptTemplate;
import belle.proto.bundle.PromptTemplates;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * How well a model predicts the reference answers behind their questions, asked of a server, into a file that a run which was killed goes on from.
 *
 * <p>The server scores the prompt alone and with the reference; the tokens in which the two differ are the reference's. Token texts and text offsets
 * would not do: a token may hold a part of a character, and may reach from the prompt into the reference, where it counts as the reference's.
 */
public final class ReferenceScores {
    private ReferenceScores() {}

    /**
     * Scores the references that the file has no score of; items without a reference are left out.
     *
     * @param watcher hears how many items have an entry, when one more has
     * @return all scores, by the items' numbers
     */
    public static Map<Long, AnswerScore> run(
            List<EvalItem> items,
            Path file,
            Answers.Settings settings,
            ModelClient client,
            String model,
            int concurrency,
            Consumer<Integer> watcher)
            throws IOException {
        List<EvalItem> referenced =
                items.stream().filter(item -> !item.reference().isBlank()).toList();
        return new Survey<>(file, settings, Answers.Settings.class, AnswerScore.class, (_, _) -> true, concurrency)
                .run(
                        referenced,
                        item -> {
                            String prompt = prompt(item.question());
                            String whole = prompt + item.reference();
                            return client.ask(new Scoring(model, List.of(prompt, whole)))
                                    .thenApply(outcome -> Survey.result(
                                            outcome,
                                            answer -> score(item, answer, whole),
                                            reason -> new AnswerScore(item.number(), 0, 0, 0, reason)));
                        },
                        watcher);
    }

    /** BELLE's prompt up to where the answer begins. */
    static String prompt(String question) {
        PromptTemplate belle = PromptTemplates.BELLE;
        String before = belle.assistant().substring(0, belle.assistant().indexOf("{content}"));
        return belle.user().replace("{content}", question) + before;
    }

    private static AnswerScore score(EvalItem item, Answer answer, String whole) {
        List<ScoredText> texts = answer.scored();
        if (texts.size() != 2 || !texts.get(1).text().equals(whole)) {
            return failed(item, "the server gave back no scored prompts (echo with logprobs and max_tokens 0)");
        }
        List<ScoredText.Token> prompt = texts.get(0).tokens();
        List<ScoredText.Token> all = texts.get(1).tokens();
        int common = 0;
        while (common < Math.min(prompt.size(), all.size())
                && prompt.get(common).text().equals(all.get(common).text())) {
            common++;
        }
        double sum = 0;
        for (ScoredText.Token token : all.subList(common, all.size())) {
            sum -= token.logprob();
        }
        if (common == 0 || common == all.size() || !Double.isFinite(sum)) {
            return failed(item, "the server's log-probabilities of prompt and reference do not fit together");
        }
        String reference = item.reference();
        return new AnswerScore(
                item.number(), all.size() - common, reference.codePointCount(0, reference.length()), sum, "");
    }

    private static AnswerScore failed(EvalItem item, String reason) {
        return new AnswerScore(item.number(), 0, 0, 0, reason);
    }
}
