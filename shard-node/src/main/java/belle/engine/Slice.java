package belle.engine;

import belle.proto.Tokens;

/**
 * One sequence's part of a step: a single token when it decodes, a chunk of its prompt when it prefills.
 *
 * @param tokens ids to feed, at positions {@code [past, past + tokens.size())}; at least one
 * @param past tokens of the sequence that are in the cache already
 * @param blocks cover every position up to the last one fed
 * @param logitRows the last so many of {@code tokens} want their logits: 0 inside a prompt, 1 to draw, more for echo
 * @param guesses the last so many of {@code tokens} are guesses behind a decode: each counts if it is what is drawn
 */
public record Slice(SequenceId id, Tokens tokens, int past, BlockTable blocks, int logitRows, int guesses) {
    /** Tokens that the sequence has for certain. */
    int certain() {
        return tokens.size() - guesses;
    }
}
