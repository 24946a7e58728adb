package belle.engine;

import belle.proto.Failure;
import belle.proto.FinishReason;
import belle.proto.TokenLogprob;
import belle.proto.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What one stream was told, in a form in which two runs can be compared. */
final class Transcript {
    private final Map<Integer, List<Integer>> ids = new TreeMap<>();
    private final Map<Integer, List<TokenLogprob>> logprobs = new TreeMap<>();
    private final Map<Integer, String> texts = new TreeMap<>();
    private final Map<Integer, FinishReason> reasons = new TreeMap<>();
    private final List<TokenLogprob> scored = new ArrayList<>();
    private Optional<Usage> usage = Optional.empty();
    private Optional<Failure> failure = Optional.empty();

    void add(Output output) {
        if (ended()) {
            throw new AssertionError("after the end: " + output);
        }
        switch (output) {
            case Output.Token(var id, var index, var tokenId, var text, var logprob) -> {
                List<Integer> known = ids.computeIfAbsent(id.choice(), _ -> new ArrayList<>());
                check(index == known.size() && !reasons.containsKey(id.choice()), output);
                known.add(tokenId);
                texts.merge(id.choice(), text, String::concat);
                logprob.ifPresent(entry -> logprobs.computeIfAbsent(id.choice(), _ -> new ArrayList<>())
                        .add(entry));
            }
            case Output.PromptScored(var _, var tokens) -> {
                check(scored.isEmpty() && ids.isEmpty(), output);
                scored.addAll(tokens);
            }
            case Output.Finished(var id, var text, var reason) -> {
                check(reasons.put(id.choice(), reason) == null, output);
                texts.merge(id.choice(), text, String::concat);
            }
            case Output.Done(var _, var total) -> usage = Optional.of(total);
            case Output.Failed(var _, var problem) -> failure = Optional.of(problem);
        }
    }

    boolean ended() {
        return usage.isPresent() || failure.isPresent();
    }

    boolean done() {
        return usage.isPresent();
    }

    Usage usage() {
        return usage.orElseThrow();
    }

    Map<Integer, List<Integer>> ids() {
        return ids;
    }

    Map<Integer, String> texts() {
        return texts;
    }

    Map<Integer, FinishReason> reasons() {
        return reasons;
    }

    List<TokenLogprob> scored() {
        return scored;
    }

    /** Everything but what the cache was good for. */
    String told() {
        return "ids " + ids + " texts " + texts + " reasons " + reasons + " logprobs " + logprobs + " scored " + scored
                + " usage "
                + usage.map(total -> total.promptTokens() + "+" + total.completionTokens());
    }

    private static void check(boolean holds, Output output) {
        if (!holds) {
            throw new AssertionError("out of order: " + output);
        }
    }
}
