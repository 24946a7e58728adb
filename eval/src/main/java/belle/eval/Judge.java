package belle.eval;

import belle.client.ModelClient;
import belle.client.Question;
import belle.dataset.EntryLog;
import belle.proto.FailureException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Has a judge model score answers, by its class's prompt. A reply that carries no score is asked again, with a reminder of the form;
 * if none of so many does, the answer stays without one.
 *
 * @param question makes a request of what the judge is asked
 * @param repliesForAScore replies that the judge may give of one answer
 */
public record Judge(
        JudgePrompts prompts, ModelClient client, Function<String, Question> question, int repliesForAScore) {
    private static final String REMINDER = "\n上一次的回复里没有可以读取的分数。请只输出一行：\"得分:\"，后面写一个0到1之间的数。\n";

    /**
     * What decides the scores: a file cannot be gone on with under other ones.
     *
     * @param set a hash of the set's file
     * @param answers what decided the answers
     * @param prompts a hash of the judge's prompts
     * @param request judge, call and sampling, as one line
     */
    public record Settings(String set, String answers, String prompts, String request, int repliesForAScore) {}

    /**
     * Scores the answers of a set that the file has no score of. Questions that the model did not answer are not judged; an answer
     * that is another one than it was is judged again.
     *
     * @param watcher hears how many answers are judged, when one more is
     * @return all judgements, by the questions' numbers
     * @throws FailureException when the server refuses, or the file cannot be gone on with
     */
    public Map<Long, Judgement> run(
            List<EvalItem> items,
            AnswerFile answers,
            Path file,
            String request,
            int concurrency,
            Consumer<Integer> watcher)
            throws IOException {
        Answers.Settings answered = answers.settings();
        var settings = new Settings(answered.set(), answered.request(), prompts.hash(), request, repliesForAScore);
        return new Survey<>(
                        file,
                        settings,
                        Settings.class,
                        Judgement.class,
                        (item, judgement) -> judgement.isOf(answers.reply(item)),
                        concurrency)
                .run(answers.answered(items), item -> ask(item, answers.reply(item), 1), watcher);
    }

    /** Reads a file of scores. */
    static Settings read(Path file, Map<Long, Judgement> judgements) throws IOException {
        return EntryLog.read(
                file, Settings.class, Judgement.class, judgement -> judgements.put(judgement.item(), judgement));
    }

    private CompletionStage<Judgement> ask(EvalItem item, Reply reply, int asked) {
        String text = prompts.ask(item, reply.answer());
        String hash = Judgement.hash(reply.answer());
        return client.ask(question.apply(asked == 1 ? text : text + REMINDER))
                .thenCompose(outcome -> Survey.result(
                        outcome,
                        answer -> {
                            OptionalDouble score = JudgeScore.read(answer.text());
                            if (score.isEmpty() && asked < repliesForAScore) {
                                return ask(item, reply, asked + 1);
                            }
                            return CompletableFuture.completedFuture(new Judgement(
                                    item.number(),
                                    hash,
                                    score.isPresent() ? (Double) score.getAsDouble() : null,
                                    asked,
                                    answer.text(),
                                    ""));
                        },
                        reason -> CompletableFuture.completedFuture(
                                new Judgement(item.number(), hash, null, asked - 1, "", reason))));
    }
}
