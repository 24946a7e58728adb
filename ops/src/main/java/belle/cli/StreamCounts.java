package belle.cli;

import java.util.Arrays;
import java.util.List;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** How many streams the bench runs at once, one number after the other: each stream is a connection and a thread. */
record StreamCounts(List<Integer> counts) {
    private static final int MOST = 1024;

    StreamCounts {
        counts = List.copyOf(counts);
    }

    /** Reads numbers as people write them: {@code 1,4,16}. */
    static final class Converter implements ITypeConverter<StreamCounts> {
        @Override
        public StreamCounts convert(String text) {
            return new StreamCounts(
                    Arrays.stream(text.split(",", -1)).map(Converter::count).toList());
        }

        private static int count(String text) {
            try {
                int count = Integer.parseInt(text.strip());
                if (count >= 1 && count <= MOST) {
                    return count;
                }
            } catch (NumberFormatException e) {
                // Refused below, as every other text.
            }
            throw new TypeConversionException("'" + text + "' is no number of streams from 1 to " + MOST);
        }
    }
}
