package belle.export.checkpoint;

import belle.proto.Failure;
import belle.proto.FailureException;
import com.google.errorprone.annotations.FormatMethod;
import com.google.errorprone.annotations.FormatString;
import java.nio.file.Path;

/** Makes the one-line errors of this package. Names out of a broken file are cut and freed of characters that break or reorder a line. */
final class Refusal {
    private static final int MOST_CHARACTERS = 400;

    private Refusal() {}

    /** Returns {@code Broken(file, field, problem)}, to be thrown by the caller. */
    @FormatMethod
    static FailureException of(Path file, String field, @FormatString String format, Object... args) {
        String problem = String.format(format, args);
        return new FailureException(new Failure.Broken(file.toString(), line(field), line(problem)));
    }

    private static String line(String text) {
        String cut = text.length() <= MOST_CHARACTERS ? text : text.substring(0, MOST_CHARACTERS) + "…";
        return cut.replaceAll("[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}]", "?");
    }
}
