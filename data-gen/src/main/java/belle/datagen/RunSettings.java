package belle.datagen;

/**
 * What decides which items a run keeps: it cannot go on under other ones.
 *
 * @param seed of the draws
 * @param limit the highest similarity that a kept item may have
 * @param examples seed tasks in a prompt
 * @param prompt a hash of the heading and the seed tasks
 * @param tokenizer a hash of the tokenizer's file
 * @param request model, call and sampling, as one line
 */
public record RunSettings(long seed, double limit, int examples, String prompt, String tokenizer, String request) {}
