package belle.export.checkpoint;

/** Hears how far a long reading or writing has come. Called from the working thread, some times a second at most. */
@FunctionalInterface
public interface Progress {
    /** Says nothing to anybody. */
    Progress NONE = (_, _) -> {};

    /** {@code doneBytes} of {@code totalBytes} are done; the total stays the same from call to call. */
    void advanced(long doneBytes, long totalBytes);

    /** Layers that take their time, one after the other: {@code done} of {@code total}, the one at work with the part that is done. */
    default void layers(double done, int total) {}

    /** Something that whoever asked for the work should know. */
    default void note(String line) {}
}
