package belle.faults.simulation;

import belle.faults.history.Answer;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/** An answer, put together from its pieces. */
final class Collected {
    private final TreeMap<Integer, StringBuilder> texts = new TreeMap<>();
    private final TreeMap<Integer, List<String>> logprobs = new TreeMap<>();
    private final TreeMap<Integer, String> reasons = new TreeMap<>();

    void add(int choice, String text, List<String> scored) {
        texts.computeIfAbsent(choice, _ -> new StringBuilder()).append(text);
        logprobs.computeIfAbsent(choice, _ -> new ArrayList<>()).addAll(scored);
    }

    void finish(int choice, String text, String reason) {
        add(choice, text, List.of());
        reasons.put(choice, reason);
    }

    Answer answer(int promptTokens, int completionTokens) {
        List<Answer.Choice> choices = new ArrayList<>();
        texts.forEach((choice, text) -> choices.add(new Answer.Choice(
                text.toString(), logprobs.getOrDefault(choice, List.of()), reasons.getOrDefault(choice, "none"))));
        return new Answer(choices, promptTokens, completionTokens);
    }
}
