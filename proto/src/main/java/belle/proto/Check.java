package belle.proto;

import com.google.errorprone.annotations.FormatMethod;

/** Invariants that stay on in production. A failed check is a bug, never bad input. */
public final class Check {
    private Check() {}

    /** Throws {@link IllegalStateException} with the formatted message unless {@code holds}. */
    @FormatMethod
    public static void that(boolean holds, String format, Object... args) {
        if (!holds) {
            throw new IllegalStateException(String.format(format, args));
        }
    }
}
