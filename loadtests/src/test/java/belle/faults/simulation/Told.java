package belle.faults.simulation;

import belle.proto.TokenLogprob;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Log-probabilities as a client reads them: each with its place in the text of its choice. */
final class Told {
    private final Map<Integer, Integer> characters = new HashMap<>();

    /** What follows in a choice stands behind so many characters. */
    void begin(int choice, int behind) {
        characters.put(choice, behind);
    }

    /** Returns one text a token. */
    List<String> next(int choice, List<TokenLogprob> logprobs) {
        List<String> texts = new ArrayList<>();
        for (TokenLogprob one : logprobs) {
            int place = characters.getOrDefault(choice, 0);
            texts.add(place + " '" + one.text() + "' " + (float) one.logprob()
                    + one.top().stream()
                            .map(alternative -> alternative.text() + (float) alternative.logprob())
                            .toList());
            characters.put(choice, place + TokenLogprob.characters(List.of(one)));
        }
        return texts;
    }
}
