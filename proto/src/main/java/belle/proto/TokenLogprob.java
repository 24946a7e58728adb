package belle.proto;

import java.util.List;

/**
 * A token and its natural log-probability under the model's own distribution (before penalties and temperature).
 *
 * @param text the token's own text; U+FFFD stands for bytes that are no whole character
 * @param top the most probable ids, best first; empty when none were asked for
 */
public record TokenLogprob(int id, String text, double logprob, List<Alternative> top) {
    public TokenLogprob {
        top = List.copyOf(top);
    }

    /** Returns the code points of all the tokens' texts together. */
    public static int characters(List<TokenLogprob> tokens) {
        return tokens.stream()
                .mapToInt(token -> token.text().codePointCount(0, token.text().length()))
                .sum();
    }

    /** One alternative at a position. */
    public record Alternative(int id, String text, double logprob) {}
}
