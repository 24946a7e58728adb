package belle.faults.check;

import belle.faults.history.Entry;
import belle.faults.history.Entry.Kind;
import belle.faults.history.Piece;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The promises about how requests are taken and come to an end. Each rule returns what is wrong, or empty. */
final class AnswerRules {
    private static final Set<Integer> NO_ROOM = Set.of(429, 503);

    private AnswerRules() {}

    static Optional<String> keptOnceAccepted(Request request) {
        boolean accepted = false;
        for (Entry entry : request.entries()) {
            if (entry instanceof Entry.Begun begun && !begun.stream().isEmpty()) {
                accepted = true;
            } else if (entry instanceof Entry.Refused refused && accepted && !isNoRoom(refused)) {
                return Optional.of("refused with " + refused.status() + " after it was accepted: " + refused.message());
            } else if (entry instanceof Entry.Heard heard
                    && heard.piece() instanceof Piece.Broken(var code, var text)) {
                return Optional.of("broken off with an error event (" + code + "): " + text);
            }
        }
        return Optional.empty();
    }

    private static boolean isNoRoom(Entry.Refused refused) {
        return NO_ROOM.contains(refused.status());
    }

    /** The last attempt has an end; only an answer that is lost with its connection need not come. */
    static Optional<String> allAnswered(Request request) {
        Optional<Entry.OfAttempt> last = request.last();
        if (last.isEmpty()) {
            return Optional.empty();
        }
        boolean accepted = request.all(Entry.Begun.class).stream()
                .anyMatch(begun -> !begun.stream().isEmpty());
        return switch (last.get()) {
            case Entry.Answered _, Entry.Left _ -> Optional.empty();
            case Entry.Refused refused ->
                accepted
                        ? Optional.of("last refused with " + refused.status() + " after it was accepted")
                        : Optional.empty();
            case Entry.Heard heard ->
                heard.piece() instanceof Piece.End || heard.piece() instanceof Piece.Broken
                        ? Optional.empty()
                        : Optional.of("nothing came behind event " + heard.index());
            case Entry.CutOff cut -> cutOff(request, cut);
            case Entry.Sent sent -> Optional.of("attempt " + sent.attempt() + " was never answered");
            case Entry.Begun begun -> Optional.of("nothing came in attempt " + begun.attempt());
        };
    }

    private static Optional<String> cutOff(Request request, Entry.CutOff cut) {
        boolean lost = request.all(Entry.Sent.class).stream()
                .filter(sent -> sent.attempt() == cut.attempt())
                .anyMatch(sent -> sent.kind() == Kind.WHOLE && request.disturbed(sent, cut));
        return lost ? Optional.empty() : Optional.of("cut off for good: " + cut.why());
    }

    static Optional<String> oneAnswerAKey(Request request) {
        List<Entry.Answered> answers = request.all(Entry.Answered.class);
        for (Entry.Answered answer : answers) {
            if (!answer.id().equals(answers.getFirst().id())
                    || !answer.answer().equals(answers.getFirst().answer())) {
                return Optional.of("attempt " + answer.attempt() + " was answered with " + answer.id() + ", attempt "
                        + answers.getFirst().attempt() + " with "
                        + answers.getFirst().id());
            }
        }
        return Optional.empty();
    }

    static Optional<String> wrongIsRefused(Request request) {
        return request.first(Entry.Wrong.class).flatMap(wrong -> {
            if (request.has(Entry.Begun.class) || request.has(Entry.Answered.class)) {
                return Optional.of("a request that must be refused with " + wrong.status() + " was taken");
            }
            return request.all(Entry.Refused.class).stream()
                    .filter(refused -> !isNoRoom(refused))
                    .filter(refused -> refused.status() != wrong.status()
                            || refused.message().isEmpty())
                    .map(refused ->
                            "refused with " + refused.status() + " '" + refused.message() + "', not " + wrong.status())
                    .findFirst();
        });
    }

    static Optional<String> clearRefusals(Request request) {
        if (request.has(Entry.Wrong.class)) {
            return Optional.empty();
        }
        return request.all(Entry.Refused.class).stream()
                .filter(refused -> !isNoRoom(refused) || refused.message().isEmpty())
                .map(refused -> "refused with " + refused.status() + " '" + refused.message() + "'")
                .findFirst();
    }
}
