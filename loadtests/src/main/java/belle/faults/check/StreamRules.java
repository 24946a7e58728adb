package belle.faults.check;

import belle.faults.history.Answer;
import belle.faults.history.Entry;
import belle.faults.history.Piece;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The promises that the events of one stream keep or break. Each rule returns what is wrong, or empty. */
final class StreamRules {
    private StreamRules() {}

    /** Usage and the end share an index; everything else has its own. */
    static Optional<String> inOrderOnce(Request request) {
        Entry.Heard before = null;
        for (Entry.Heard now : request.heard()) {
            boolean usageThenEnd =
                    before != null && before.piece() instanceof Piece.Usage && now.piece() instanceof Piece.End;
            boolean error = now.piece() instanceof Piece.Broken;
            if (before != null && !error && now.index() <= before.index() - (usageThenEnd ? 1 : 0)) {
                return Optional.of("event " + now.index() + " came behind event " + before.index());
            }
            before = now;
        }
        return Optional.empty();
    }

    /** What came so far is the beginning of what is expected. */
    static Optional<String> sameBits(Request request) {
        return request.expected().flatMap(expected -> {
            Map<Integer, String> texts = new HashMap<>();
            Map<Integer, List<String>> logprobs = new HashMap<>();
            for (Entry.Heard heard : request.heard()) {
                Optional<String> wrong = switch (heard.piece()) {
                    case Piece.Text(int choice, String text, List<String> scored) ->
                        text(expected, texts, choice, text).or(() -> logprobs(expected, logprobs, choice, scored));
                    case Piece.Finish(int choice, String text, String _) -> text(expected, texts, choice, text);
                    case Piece.Usage _, Piece.End _, Piece.Broken _ -> Optional.empty();
                };
                if (wrong.isPresent()) {
                    return wrong;
                }
            }
            for (Entry.Answered answered : request.all(Entry.Answered.class)) {
                if (!answered.answer().choices().equals(expected.choices())) {
                    return Optional.of(
                            "the answer's choices are " + answered.answer().choices() + ", not " + expected.choices());
                }
            }
            return Optional.empty();
        });
    }

    private static Optional<String> text(Answer expected, Map<Integer, String> texts, int choice, String more) {
        if (choice < 0 || choice >= expected.choices().size()) {
            return Optional.of("there is no choice " + choice);
        }
        String whole = expected.choices().get(choice).text();
        String before = texts.getOrDefault(choice, "");
        if (!whole.startsWith(more, before.length())) {
            String due = whole.substring(
                    before.length(), Math.min(whole.length(), before.length() + Math.max(1, more.length())));
            return Optional.of("choice " + choice + " says '" + more + "' at character " + before.length() + ", not '"
                    + due + "'");
        }
        texts.put(choice, before + more);
        return Optional.empty();
    }

    private static Optional<String> logprobs(
            Answer expected, Map<Integer, List<String>> known, int choice, List<String> more) {
        List<String> whole = expected.choices().get(choice).logprobs();
        List<String> before = known.computeIfAbsent(choice, _ -> new ArrayList<>());
        for (String one : more) {
            String due = before.size() < whole.size() ? whole.get(before.size()) : "none";
            if (!one.equals(due)) {
                return Optional.of("choice " + choice + " has log-probability " + one + " at token " + before.size()
                        + ", not " + due);
            }
            before.add(one);
        }
        return Optional.empty();
    }

    static Optional<String> whole(Request request) {
        if (request.expected().isEmpty() || request.pieces().noneMatch(Piece.End.class::isInstance)) {
            return Optional.empty();
        }
        List<Answer.Choice> choices = request.expected().get().choices();
        for (int number = 0; number < choices.size(); number++) {
            int characters = 0;
            int logprobs = 0;
            for (Piece piece : request.pieces().toList()) {
                if (piece instanceof Piece.Text(int choice, String text, List<String> scored) && choice == number) {
                    characters += text.length();
                    logprobs += scored.size();
                } else if (piece instanceof Piece.Finish(int choice, String text, String _) && choice == number) {
                    characters += text.length();
                }
            }
            Answer.Choice all = choices.get(number);
            if (characters < all.text().length() || logprobs < all.logprobs().size()) {
                return Optional.of("choice " + number + " ended after " + characters + " of "
                        + all.text().length() + " characters and " + logprobs + " of "
                        + all.logprobs().size() + " log-probabilities");
            }
        }
        return Optional.empty();
    }

    static Optional<String> finishOnce(Request request) {
        if (request.expected().isEmpty()) {
            return Optional.empty();
        }
        List<Answer.Choice> choices = request.expected().get().choices();
        Set<Integer> finished = new HashSet<>();
        for (Piece piece : request.pieces().toList()) {
            if (piece instanceof Piece.Finish(int choice, String _, String reason)) {
                if (!finished.add(choice)) {
                    return Optional.of("choice " + choice + " finished twice");
                }
                String due = choice < choices.size() ? choices.get(choice).reason() : "none";
                if (!reason.equals(due)) {
                    return Optional.of("choice " + choice + " finished for " + reason + ", not " + due);
                }
            } else if (piece instanceof Piece.Text text && finished.contains(text.choice())) {
                return Optional.of("choice " + text.choice() + " went on after it had finished");
            } else if (piece instanceof Piece.End && finished.size() < choices.size()) {
                return Optional.of(
                        "the stream ended with " + finished.size() + " of " + choices.size() + " choices finished");
            }
        }
        return Optional.empty();
    }

    static Optional<String> usageExact(Request request) {
        if (request.expected().isEmpty()) {
            return Optional.empty();
        }
        Answer expected = request.expected().get();
        int told = 0;
        for (Piece piece : request.pieces().toList()) {
            if (piece instanceof Piece.Usage(int prompt, int completion)) {
                told++;
                if (told > 1) {
                    return Optional.of("usage was told twice");
                }
                if (prompt != expected.promptTokens() || completion != expected.completionTokens()) {
                    return Optional.of(counts(prompt, completion, expected));
                }
            } else if (piece instanceof Piece.End && told == 0 && expected.promptTokens() != Answer.UNKNOWN) {
                return Optional.of("the stream ended without usage");
            }
        }
        return request.all(Entry.Answered.class).stream()
                .map(Entry.Answered::answer)
                .filter(answer -> answer.promptTokens() != expected.promptTokens()
                        || answer.completionTokens() != expected.completionTokens())
                .map(answer -> counts(answer.promptTokens(), answer.completionTokens(), expected))
                .findFirst();
    }

    private static String counts(int prompt, int completion, Answer expected) {
        return "usage counts " + prompt + " and " + completion + " tokens, not " + expected.promptTokens() + " and "
                + expected.completionTokens();
    }

    /** Half a character shows as U+FFFD where none is due, or as half a surrogate pair at an event's edge. */
    static Optional<String> utf8Whole(Request request) {
        boolean due = request.expected().stream()
                .flatMap(answer -> answer.choices().stream())
                .anyMatch(choice -> choice.text().contains("\uFFFD"));
        for (Entry.Heard heard : request.heard()) {
            String text = switch (heard.piece()) {
                case Piece.Text(int _, String more, List<String> _) -> more;
                case Piece.Finish(int _, String more, String _) -> more;
                case Piece.Usage _, Piece.End _, Piece.Broken _ -> "";
            };
            boolean half = !text.isEmpty()
                    && (Character.isLowSurrogate(text.charAt(0))
                            || Character.isHighSurrogate(text.charAt(text.length() - 1)));
            if (half || (!due && text.contains("\uFFFD"))) {
                return Optional.of("event " + heard.index() + " has half a character in '" + text + "'");
            }
        }
        return Optional.empty();
    }

    static Optional<String> endsOnce(Request request) {
        Entry.Heard end = null;
        for (Entry.Heard now : request.heard()) {
            if (end != null) {
                return Optional.of("event " + now.index() + " came behind the stream's end, event " + end.index());
            }
            end = now.piece() instanceof Piece.End || now.piece() instanceof Piece.Broken ? now : null;
        }
        return Optional.empty();
    }

    static Optional<String> fenced(Request request) {
        long epoch = -1;
        for (Entry.Heard heard : request.heard()) {
            if (heard.epoch() >= 0 && heard.epoch() < epoch) {
                return Optional.of(
                        "event " + heard.index() + " is of epoch " + heard.epoch() + ", behind one of " + epoch);
            }
            epoch = Math.max(epoch, heard.epoch());
        }
        return Optional.empty();
    }
}
