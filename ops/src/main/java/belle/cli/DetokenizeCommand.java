package belle.cli;

import belle.proto.Tokens;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code belle detokenize}: the text of ids. */
@Command(name = "detokenize", description = "Prints the text of token ids, special tokens left out.")
final class DetokenizeCommand implements Callable<Integer> {
    @Parameters(paramLabel = "BUNDLE", description = "A bundle's folder.")
    private Path bundle;

    @Option(names = "--ids", required = true, converter = IdList.class, description = "Token ids: 1,2,3.")
    private Tokens ids;

    @Option(names = "--json", description = "Print one JSON object: text.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        try (var tokenizer = TokenizeCommand.open(bundle)) {
            String text = tokenizer.decode(ids);
            if (json) {
                Output.json(spec.commandLine().getOut(), Map.of("text", text));
            } else {
                spec.commandLine().getOut().println(text);
            }
        }
        return 0;
    }
}
