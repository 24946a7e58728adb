package belle.engine;

/** Names one choice of a stream; {@code choice} counts from 0. */
public record SequenceId(String stream, int choice) {}
