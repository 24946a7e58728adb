package belle.gateway.api;

import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;

/**
 * A stream's name: {@code <session>~<kind><usage>-<first choice>-<created>-<random>}.
 *
 * <p>It carries all that a gateway needs to render the stream's events, so that any gateway can go on with it; the
 * random part makes it a secret that only the reader knows.
 *
 * @param session the entity that holds the stream
 * @param kind the shape of its events
 * @param usage whether the last event but one counts tokens
 * @param firstChoice index of the stream's choice 0 in the answer (prompt lists have one stream per prompt)
 * @param createdEpochSeconds when the request came; 0 where only its session knows
 * @param random 32 hexadecimal digits, the same for all streams of one answer
 */
public record StreamName(
        String session, Kind kind, boolean usage, int firstChoice, long createdEpochSeconds, String random) {

    /** The call that a stream answers. */
    public enum Kind {
        CHAT('c', "chatcmpl-", "chat.completion"),
        COMPLETION('t', "cmpl-", "text_completion");

        private final char letter;
        private final String prefix;
        private final String object;

        Kind(char letter, String prefix, String object) {
            this.letter = letter;
            this.prefix = prefix;
            this.object = object;
        }

        /** OpenAI's name of the whole answer's type. */
        String object() {
            return object;
        }
    }

    private static final int BASE = 36;
    static final String REGEX =
            "(" + SessionNames.REGEX + ")~([ct])([01])-([0-9a-z]{1,5})-([0-9a-z]{1,10})-([0-9a-f]{32})";
    private static final Pattern FORM = Pattern.compile(REGEX);

    /** Draws the random part of a new answer's streams. */
    public static String drawRandom(RandomGenerator random) {
        return String.format("%016x%016x", random.nextLong(), random.nextLong());
    }

    /** Reads a name back, or returns empty if it is none. */
    public static Optional<StreamName> parse(String name) {
        var match = FORM.matcher(name);
        if (!match.matches()) {
            return Optional.empty();
        }
        return Optional.of(new StreamName(
                match.group(1),
                match.group(2).equals("c") ? Kind.CHAT : Kind.COMPLETION,
                match.group(3).equals("1"),
                Integer.parseInt(match.group(4), BASE),
                Long.parseLong(match.group(5), BASE),
                match.group(6)));
    }

    /** Returns the {@code id} of the answer and of all its events. */
    String answerId() {
        return kind.prefix + random;
    }

    /** Returns the id of an event of this stream. */
    public String eventId(long index) {
        return this + "." + index;
    }

    /** Reads the index of an event id of this stream, or returns empty if it is not one. */
    public Optional<Long> indexOf(String eventId) {
        String prefix = this + ".";
        String index = eventId.startsWith(prefix) ? eventId.substring(prefix.length()) : "";
        return index.matches("[0-9]{1,18}") ? Optional.of(Long.valueOf(index)) : Optional.empty();
    }

    @Override
    public String toString() {
        return session + "~" + kind.letter + (usage ? "1" : "0") + "-" + Integer.toString(firstChoice, BASE) + "-"
                + Long.toString(createdEpochSeconds, BASE) + "-" + random;
    }
}
