package belle.cli;

import belle.engine.EngineConfig;
import belle.proto.Prompt;
import belle.proto.Tokens;
import belle.runtime.LocalGenerator;
import belle.runtime.OpenModel;
import belle.runtime.Perplexity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code belle perplexity}: how well a model predicts a text. */
@Command(name = "perplexity", description = "Says how well a model predicts a text file.")
final class PerplexityCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "BUNDLE", description = "A bundle's folder.")
    private Path bundle;

    @Parameters(
            index = "1",
            paramLabel = "FILE",
            description = "UTF-8 text; the tokenizer's special tokens are put before it.")
    private Path file;

    @Option(names = "--json", description = "Print one JSON object: tokens, nll, perplexity.")
    private boolean json;

    @Mixin
    private RuntimeOptions runtime;

    @Spec
    private CommandSpec spec;

    /**
     * What {@code --json} prints.
     *
     * @param tokens that were predicted from those before them
     * @param nll the sum of their negative log-likelihoods
     */
    record Scored(int tokens, double nll, double perplexity) {}

    @Override
    public Integer call() throws IOException {
        String text = Files.readString(file);
        var config = runtime.config();
        try (var model = OpenModel.open(bundle, runtime.runtime())) {
            var generator = LocalGenerator.of(model, EngineConfig.from(config.getConfig("belle.node.engine")));
            Tokens begin = model.encode(new Prompt.Text(""));
            var measured = Perplexity.of(generator, begin, model.tokenizer().encode(text));
            var found = new Scored(measured.predicted(), measured.sumNll(), measured.perplexity());
            var out = spec.commandLine().getOut();
            if (json) {
                Output.json(out, found);
            } else {
                out.println(String.format(
                        Locale.ROOT,
                        "tokens %d  nll %.4f  perplexity %.4f",
                        found.tokens(),
                        found.nll(),
                        found.perplexity()));
            }
        }
        return 0;
    }
}
