package belle.engine;

/**
 * All keys and values of one block of the pool to be copied over those of another.
 *
 * @param from a block whose contents are known
 * @param to a block that one sequence of the step is going to write
 */
public record BlockCopy(int from, int to) {}
