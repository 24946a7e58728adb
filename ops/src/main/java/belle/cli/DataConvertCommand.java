package belle.cli;

import belle.dataset.Conversion;
import belle.dataset.Form;
import belle.dataset.ItemFile.Layout;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code belle data-convert}: instruction data from one form into another. */
@Command(
        name = "data-convert",
        description = {
            "Converts instruction data between its forms, item by item.",
            "  instruction    {instruction, input, output}",
            "  input-target   {input, target}",
            "  chat           {messages: [{role, content}]}",
            "Files are JSON arrays or JSON lines; names that end in .gz are compressed."
        })
final class DataConvertCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "IN", description = "The items.")
    private Path in;

    @Option(names = "--out", paramLabel = "FILE", required = true, description = "Where they go.")
    private Path out;

    @Option(names = "--to", paramLabel = "FORM", required = true, description = "instruction, input-target or chat.")
    private Form to;

    @Option(
            names = "--from",
            paramLabel = "FORM",
            description = "The form of all items; each tells its own by its fields if not given.")
    private @Nullable Form from;

    @Option(
            names = "--layout",
            paramLabel = "array|lines",
            description = "One JSON array, or an item a line; as the file that is read if not given.")
    private @Nullable Layout layout;

    @Option(names = "--force", description = "Replace FILE if it is there.")
    private boolean force;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        if (!force) {
            Output.refuseToReplace("--out", out);
        }
        long items = Conversion.run(in, Optional.ofNullable(from), out, to, Optional.ofNullable(layout));
        spec.commandLine().getOut().println(out + ": " + items + " items in the form " + to);
        return 0;
    }
}
