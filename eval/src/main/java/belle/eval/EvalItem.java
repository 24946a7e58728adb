package belle.eval;

/**
 * A question of an evaluation set.
 *
 * @param number from 1, in the order of the file
 * @param reference a good answer; empty if the set has none
 * @param taskClass in lower case, words parted by one plain space: {@code closed qa}
 */
public record EvalItem(long number, String question, String reference, String taskClass) {}
