package belle.faults.simulation;

import belle.faults.history.Entry;
import belle.faults.history.Piece;
import belle.gateway.api.IdempotencyKey;
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

/**
 * What a client wants: a request of any kind, drawn.
 *
 * @param leaves the client goes away before it has everything
 * @param unlucky its connection breaks soon after its stream has gone on elsewhere
 */
record Wanted(
        String name,
        Entry.Kind kind,
        String session,
        Tokens prompt,
        SamplingParams params,
        boolean echo,
        long pauseMicros,
        boolean leaves,
        boolean unlucky) {
    static final String MODEL = "tiny";

    private static final long SEED_BITS = (1L << 53) - 1;
    private static final String[] STOPS = {"ab", "ba", "aaa", "你", "b😀", "bb"};
    private static final int SESSIONS = 3;
    private static final int LONGEST_PROMPT = 12;
    private static final int MOST_TOKENS = 16;

    /** Draws a request. */
    static Wanted draw(SimulatedTime chance, int number) {
        int dice = chance.below(4);
        Entry.Kind kind = dice < 2 ? Entry.Kind.STREAM : dice == 2 ? Entry.Kind.KEYED : Entry.Kind.WHOLE;
        String name = "r" + number;
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
                kind == Entry.Kind.KEYED ? seed(name) : chance.bits() & SEED_BITS,
                reports ? chance.below(3) : -1,
                chance.oneIn(2)
                        ? List.of(STOPS[chance.below(STOPS.length)], STOPS[chance.below(STOPS.length)])
                        : List.of(),
                chance.oneIn(4),
                n);
        int[] prompt = new int[1 + chance.below(LONGEST_PROMPT)];
        for (int i = 0; i < prompt.length; i++) {
            prompt[i] = chance.below(2);
        }
        return new Wanted(
                name,
                kind,
                "s" + chance.below(SESSIONS),
                Tokens.of(prompt),
                params,
                n == 1 && reports && chance.oneIn(4),
                chance.oneIn(3) ? chance.between(20, 400) * SimulatedTime.MILLIS : 0,
                chance.oneIn(8),
                chance.oneIn(2));
    }

    /** Returns what a gateway makes of it. */
    SessionCommand.Generate generate(String stream, ActorRef<StreamEvent> reader) {
        SamplingParams asked = kind == Entry.Kind.KEYED ? seeded(seed(name)) : params;
        return new SessionCommand.Generate(stream, MODEL, new Prompt.Ids(prompt), asked, "tenant", echo, reader);
    }

    /** The seed of a request under a key; each gateway that is asked finds it out anew. */
    private static long seed(String key) {
        return IdempotencyKey.of("tenant", key).seed() & SEED_BITS;
    }

    private SamplingParams seeded(long seed) {
        return new SamplingParams(
                params.maxTokens(),
                params.temperature(),
                params.topK(),
                params.topP(),
                params.minP(),
                params.repetitionPenalty(),
                params.presencePenalty(),
                params.frequencyPenalty(),
                params.logitBias(),
                seed,
                params.topLogprobs(),
                params.stop(),
                params.ignoreEos(),
                params.n());
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
