package belle.engine;

import belle.proto.TokenLogprob;
import belle.proto.Usage;
import java.util.ArrayList;
import java.util.List;

/** A request that has been accepted and has not ended: its choices, and the prompt's scores as far as they are known. */
final class Generation {
    final GenerationRequest request;
    /** All choices by number; the others wait until the first one has computed the prompt, unless all are restored. */
    final List<Choice> choices = new ArrayList<>();
    /** Entries of the prompt's tokens, when echo was asked for. */
    final List<TokenLogprob> scored = new ArrayList<>();

    Generation(GenerationRequest request, ModelFacts model, long arrival) {
        this.request = request;
        for (int choice = 0; choice < request.params().n(); choice++) {
            var id = new SequenceId(request.stream(), choice);
            boolean scores = request.scoresPrompt() && choice == 0;
            var sequence = new Sequence(
                    id,
                    request.tenant(),
                    arrival + choice,
                    request.prompt(),
                    request.params().maxTokens(),
                    scores);
            choices.add(new Choice(sequence, request, model));
            if (!request.given().isEmpty()) {
                choices.getLast().restore(request.given().get(choice));
            } else if (choice > 0) {
                first().followers.add(sequence);
            }
        }
    }

    /** The sequence that computes the prompt. */
    Sequence first() {
        return choices.getFirst().sequence;
    }

    /** The sequences of choices that have not ended. */
    List<Sequence> live() {
        return choices.stream()
                .map(choice -> choice.sequence)
                .filter(sequence -> !sequence.ended)
                .toList();
    }

    Usage usage() {
        int completionTokens = choices.stream().mapToInt(Choice::generated).sum();
        int reused = Math.min(first().reusedTokens, request.prompt().size()); // what was given may have been found, too
        return new Usage(request.prompt().size(), reused, completionTokens);
    }
}
