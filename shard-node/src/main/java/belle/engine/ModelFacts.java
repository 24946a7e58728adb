package belle.engine;

import belle.proto.Check;
import belle.proto.Tokens;

/**
 * What the engine must know of a model.
 *
 * @param vocabulary V, the width of a logits row
 * @param tokens ids below this may be drawn; the rest of a row is padding
 * @param contextTokens most positions of one sequence
 * @param eosIds ids that end a choice
 */
public record ModelFacts(int vocabulary, int tokens, int contextTokens, Tokens eosIds, TokenBytes bytes) {
    public ModelFacts {
        Check.that(tokens > 0 && tokens <= vocabulary, "%s drawable ids of %s", tokens, vocabulary);
        Check.that(contextTokens > 0, "a context of %s tokens", contextTokens);
    }

    /** Tells whether {@code id} ends a choice. */
    boolean ends(int id) {
        for (int i = 0; i < eosIds.size(); i++) {
            if (eosIds.get(i) == id) {
                return true;
            }
        }
        return false;
    }
}
