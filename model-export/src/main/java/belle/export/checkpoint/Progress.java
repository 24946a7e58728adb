package belle.export.checkpoint;

/** Hears how far a long reading or writing has come. Called from the working thread, some times a second at most. */
@FunctionalInterface
public interface Progress {
    /** Says nothing to anybody. */
    Progress NONE = (_, _) -> {};

    /** {@code doneBytes} of {@code totalBytes} are done; the total stays the same from call to call. */
    void advanced(long doneBytes, long totalBytes);

    /** Something that whoever asked for the work should know. */
    default void note(String line) {}
}
