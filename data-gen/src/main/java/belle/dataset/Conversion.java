package belle.dataset;

import belle.dataset.ItemFile.Layout;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** Reads a file of items in one form and writes another one in another form. Nothing is written unless every item can be. */
public final class Conversion {
    private Conversion() {}

    /**
     * Converts.
     *
     * @param from empty: each item has the form that its fields tell
     * @param layout empty: that of the file that is read
     * @return how many items there were
     * @throws belle.proto.FailureException that names the line of an item which is broken, or for which {@code to} has no place
     */
    public static long run(Path in, Optional<Form> from, Path out, Form to, Optional<Layout> layout)
            throws IOException {
        Layout written = layout.isPresent() ? layout.get() : ItemFile.layout(in);
        try (var writer = new ItemWriter(out, written)) {
            ItemFile.read(in, (item, _, line) -> {
                try {
                    Form form = from.isPresent() ? from.get() : Reader.formOf(item);
                    writer.write(Writer.write(Reader.read(item, form), to));
                } catch (Reader.Unreadable e) {
                    throw ItemFile.broken(in, line, String.valueOf(e.getMessage()));
                }
            });
            writer.finish();
            return writer.items();
        }
    }
}
