package belle.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/**
 * A choice of an answer, with its tokens.
 *
 * @param text as the server gave it back
 * @param tokens in order; none where the server reports none
 */
public record ScoredText(String text, List<Token> tokens) {
    public ScoredText {
        tokens = List.copyOf(tokens);
    }

    /**
     * A token.
     *
     * @param logprob natural logarithm of its probability behind the tokens before it; NaN where there is none, as of a first token
     */
    public record Token(String text, double logprob) {}

    /** Reads a choice of the completions call. */
    static ScoredText read(JsonNode choice) {
        JsonNode texts = choice.path("logprobs").path("tokens");
        JsonNode values = choice.path("logprobs").path("token_logprobs");
        List<Token> tokens = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) {
            tokens.add(new Token(texts.path(i).asText(), values.path(i).asDouble(Double.NaN)));
        }
        return new ScoredText(choice.path("text").asText(), tokens);
    }
}
