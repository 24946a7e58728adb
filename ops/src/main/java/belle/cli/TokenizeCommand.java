package belle.cli;

import belle.proto.Tokens;
import belle.proto.bundle.Bundle;
import belle.proto.bundle.Manifest;
import belle.proto.bundle.Verification;
import belle.text.Tokenizer;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code belle tokenize}: the ids and pieces of plain text, nothing added. */
@Command(
        name = "tokenize",
        description = "Prints the ids and pieces of a text; nothing is added, and control tokens in it are plain text.")
final class TokenizeCommand implements Callable<Integer> {
    @Parameters(paramLabel = "BUNDLE", description = "A bundle's folder.")
    private Path bundle;

    @Option(names = "--text", description = "The text; standard input if not given.")
    private @Nullable String text;

    @Option(names = "--json", description = "Print one JSON object: ids, pieces.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    /** What {@code --json} prints. */
    record Tokenized(Tokens ids, List<String> pieces) {}

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        try (var tokenizer = open(bundle)) {
            Tokens ids = tokenizer.encode(
                    text != null ? text : new String(System.in.readAllBytes(), StandardCharsets.UTF_8));
            List<String> pieces = tokenizer.pieces(ids);
            if (json) {
                Output.json(out, new Tokenized(ids, pieces));
            } else {
                for (int i = 0; i < ids.size(); i++) {
                    out.println(ids.get(i) + "\t" + pieces.get(i).replace("\n", "\\n"));
                }
            }
        }
        return 0;
    }

    /** Opens the tokenizer of a bundle; the caller closes it. */
    static Tokenizer open(Path bundle) {
        return Tokenizer.open(Bundle.open(bundle, Verification.STRUCTURE_ONLY).file(Manifest.TOKENIZER_FILE));
    }
}
