package belle.proto.session;

import belle.proto.Failure;
import belle.proto.Tokens;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * What a reader has of a stream: with the request itself, all it takes to go on elsewhere. Nothing else of a stream is
 * state, since the tokens that follow are a function of the request and of those before them.
 *
 * @param after index of the last event that the reader has; -1 for none
 * @param epoch the epoch in which the stream goes on; higher than any in which the reader heard of it
 * @param promptScored it has the prompt's log-probabilities, or wants none
 * @param choices by number, one for each of the request's
 */
public record Progress(long after, long epoch, boolean promptScored, List<Choice> choices) {
    /**
     * What the reader has of one choice.
     *
     * @param ids the tokens that were generated, oldest first
     * @param finished it was told the reason why the choice ended
     * @param characters code points of the tokens whose log-probabilities it was told, the prompt's included: where in the
     *     text the next token stands
     */
    public record Choice(Tokens ids, boolean finished, int characters) {
        /** Of a choice without log-probabilities. */
        public Choice(Tokens ids, boolean finished) {
            this(ids, finished, 0);
        }
    }

    /** More epochs than a stream lives through. */
    private static final long LAST_EPOCH = 1_000_000_000;

    public Progress {
        choices = List.copyOf(choices);
    }

    /** Of a reader that has heard nothing of {@code n} choices. */
    public static Progress none(int n) {
        return new Progress(-1, 1, false, Collections.nCopies(n, new Choice(Tokens.EMPTY, false)));
    }

    /**
     * Returns the first thing about it that no reader can have, if there is any.
     *
     * @param n choices of the request
     */
    public Optional<Failure> problem(int n) {
        if (choices.size() != n) {
            return invalid("tell of n = " + n + " choices, but tells of " + choices.size());
        }
        if (epoch < 1 || epoch > LAST_EPOCH) {
            return invalid("be of an epoch from 1 to " + LAST_EPOCH + ", but is of " + epoch);
        }
        long told = choices.stream().mapToLong(choice -> choice.ids().size()).sum();
        if (after < -1 || after + 1 < told) {
            return invalid("lie behind an event for each of its " + told + " tokens, but lies behind event " + after);
        }
        return Optional.empty();
    }

    private static Optional<Failure> invalid(String must) {
        return Optional.of(new Failure.Invalid("progress", "progress must " + must));
    }

    /** The same, to go on in {@code newEpoch}. */
    public Progress inEpoch(long newEpoch) {
        return new Progress(after, newEpoch, promptScored, choices);
    }

    /** Returns the tokens of each choice; empty when there are none at all. */
    public List<Tokens> given() {
        List<Tokens> given = new ArrayList<>();
        choices.forEach(choice -> given.add(choice.ids()));
        return given.stream().allMatch(Tokens::isEmpty) ? List.of() : given;
    }
}
