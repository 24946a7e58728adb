package belle.faults.simulation;

import belle.faults.history.Entry;
import belle.faults.history.Piece;
import belle.proto.FinishReason;
import belle.proto.Prompt;
import belle.proto.SamplingParams;
import belle.proto.TokenLogprob;
import belle.proto.Tokens;
import belle.proto.session.SessionCommand;
import belle.proto.session.StreamEvent;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.pekko.actor.typed.ActorRef;

/** What a client wants: a request of any kind, drawn. */
record Wanted(
        String name,
        Entry.Kind kind,
        String session,
        Tokens prompt,
        SamplingParams params,
        boolean echo,
        long pauseMicros,
        boolean leaves) {
    static final String MODEL = "tiny";

    private static final String[] STOPS = {"ab", "ba", "aaa", "你", "b😀", "bb"};
    private static final int SESSIONS = 3;
    private static final int LONGEST_PROMPT = 12;
    private static final int MOST_TOKENS = 16;

    /** Draws a request; {@code streamed} for none that cannot be asked again. */
    static Wanted draw(SimulatedTime chance, int number) {
        boolean reports = chance.oneIn(2);
        int n = chance.oneIn(4) ? 1 + chance.below(3) : 1;
        var params = new SamplingParams(
                1 + chance.below(MOST_TOKENS),
                chance.oneIn(3) ? 0 : 0.5 * (1 + chance.below(3)),
                chance.below(4),
                chance.oneIn(2) ? 1 : 0.8,
                chance.oneIn(3) ? 0.05 : 0,
                chance.oneIn(3) ? 1.3 : 1,
                chance.oneIn(3) ? 0.7 : 0,
                chance.oneIn(3) ? 0.9 : 0,
                chance.oneIn(5) ? Map.of(1, 1.5) : Map.of(),
                chance.bits() >>> 11,
                reports ? chance.below(3) : -1,
                chance.oneIn(2)
                        ? List.of(STOPS[chance.below(STOPS.length)], STOPS[chance.below(STOPS.length)])
                        : List.of(),
                chance.oneIn(4),
                n);
        int kind = chance.below(4);
        int[] prompt = new int[1 + chance.below(LONGEST_PROMPT)];
        for (int i = 0; i < prompt.length; i++) {
            prompt[i] = chance.below(2);
        }
        return new Wanted(
                "r" + number,
                kind < 2 ? Entry.Kind.STREAM : kind == 2 ? Entry.Kind.KEYED : Entry.Kind.WHOLE,
                "s" + chance.below(SESSIONS),
                Tokens.of(prompt),
                params,
                n == 1 && reports && chance.oneIn(4),
                chance.oneIn(3) ? chance.between(20, 400) * SimulatedTime.MILLIS : 0,
                chance.oneIn(8));
    }

    /** Returns what a gateway makes of it. */
    SessionCommand.Generate generate(String stream, ActorRef<StreamEvent> reader) {
        return new SessionCommand.Generate(stream, MODEL, new Prompt.Ids(prompt), params, "tenant", echo, reader);
    }

    /** Returns how the prompt is said, with its log-probabilities, where that is wanted. */
    static Piece.Text echoed(List<TokenLogprob> tokens, Told told) {
        String text = tokens.stream().map(TokenLogprob::text).collect(Collectors.joining());
        return new Piece.Text(0, text, told.next(0, tokens));
    }

    static String reason(FinishReason reason) {
        return reason.name().toLowerCase(Locale.ROOT);
    }
}
