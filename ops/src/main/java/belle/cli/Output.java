package belle.cli;

import belle.proto.Failure;
import belle.proto.FailureException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import java.io.Console;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** What commands print: JSON objects on one line, and numbers for people. */
final class Output {
    private static final ObjectMapper JSON =
            new ObjectMapper().registerModule(new Jdk8Module()).disable(SerializationFeature.FAIL_ON_EMPTY_BEANS);

    private Output() {}

    /** Prints {@code value}, a record or a map, as one line of JSON. */
    static void json(PrintWriter out, Object value) {
        try {
            out.println(JSON.writeValueAsString(value));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("not printable as JSON: " + value.getClass(), e);
        }
    }

    /** Refuses to write to a file that is there; for commands that have {@code --force}. */
    static void refuseToReplace(String flag, Path file) {
        if (Files.exists(file)) {
            throw new FailureException(new Failure.Invalid(flag, file + ": is there already; --force replaces it"));
        }
    }

    /** Tells whether a person watches: input and output are a terminal. */
    static boolean onTerminal() {
        return Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
    }

    /** Returns {@code bytes} with three digits or so and a decimal unit: 1.48 GB. */
    static String bytes(long bytes) {
        String[] units = {"B", "kB", "MB", "GB", "TB"};
        int unit = 0;
        double value = (double) bytes;
        while (value >= 999.5 && unit < units.length - 1) {
            value /= 1000;
            unit++;
        }
        String digits = unit == 0 || value >= 99.95 ? "%.0f %s" : value >= 9.995 ? "%.1f %s" : "%.2f %s";
        return String.format(Locale.ROOT, digits, value, units[unit]);
    }

    /** Returns a length of time as a person reads it: 8 s, 3 min 20 s, 1 h 5 min. */
    static String seconds(double seconds) {
        long whole = Math.round(seconds);
        if (whole < 60) {
            return whole + " s";
        }
        return whole < 3600
                ? whole / 60 + " min " + whole % 60 + " s"
                : whole / 3600 + " h " + whole % 3600 / 60 + " min";
    }
}
