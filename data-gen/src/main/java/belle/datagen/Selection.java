package belle.datagen;

import belle.client.Answer;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Decides which items of an answer are kept, and learns each at once. For one thread. */
final class Selection {
    private final Function<String, int[]> tokenizer;
    private final double limit;
    private final int wanted;
    private final Bm25Index index = new Bm25Index();
    private final List<String> instructions = new ArrayList<>();
    private int kept;

    /**
     * @param tokenizer the tokens that similarity is told by
     * @param limit an item is kept if no known instruction is more similar
     * @param wanted items in all
     */
    Selection(List<Item> seedTasks, Function<String, int[]> tokenizer, double limit, int wanted) {
        this.tokenizer = tokenizer;
        this.limit = limit;
        this.wanted = wanted;
        seedTasks.forEach(task -> learn(task.instruction(), tokenizer.apply(task.instruction())));
    }

    /** Learns what an earlier run kept. */
    void learn(Draw draw) {
        for (Kept item : draw.kept()) {
            learn(item.instruction(), tokenizer.apply(item.instruction()));
            kept++;
        }
    }

    /** What a draw's answer gives. */
    Draw decide(long number, Answer answer, long requests) {
        Candidates candidates =
                Candidates.of(answer.text(), answer.finishReason().equals("length"));
        Map<Reason, Integer> dropped = new EnumMap<>(Reason.class);
        dropped.putAll(candidates.dropped());
        List<Kept> chosen = new ArrayList<>();
        for (Item item : candidates.items()) {
            if (isComplete()) {
                dropped.merge(Reason.ENOUGH, 1, Integer::sum);
                continue;
            }
            int[] tokens = tokenizer.apply(item.instruction());
            Optional<Bm25Index.Similarity> similarity = index.similarity(tokens, limit);
            if (similarity.isEmpty()) {
                dropped.merge(Reason.SIMILAR, 1, Integer::sum);
                continue;
            }
            Map<String, Double> nearest = new LinkedHashMap<>();
            similarity
                    .get()
                    .nearest()
                    .forEach(hit -> nearest.putIfAbsent(instructions.get(hit.document()), hit.score()));
            chosen.add(new Kept(
                    item.instruction(),
                    item.input(),
                    item.output(),
                    nearest,
                    similarity.get().mean()));
            learn(item.instruction(), tokens);
            kept++;
        }
        return new Draw(number, chosen, dropped, answer.promptTokens(), answer.completionTokens(), requests, "");
    }

    boolean isComplete() {
        return kept >= wanted;
    }

    private void learn(String instruction, int[] tokens) {
        index.add(tokens);
        instructions.add(instruction);
    }
}
