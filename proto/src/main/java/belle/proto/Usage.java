package belle.proto;

/**
 * Tokens of one stream.
 *
 * @param promptTokens tokens of the prompt, counted once whatever {@code n} is
 * @param cachedTokens those of them found in the prefix cache
 * @param completionTokens generated tokens of all choices
 */
public record Usage(int promptTokens, int cachedTokens, int completionTokens) {}
