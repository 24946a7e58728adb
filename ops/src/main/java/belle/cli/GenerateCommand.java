package belle.cli;

import belle.engine.EngineConfig;
import belle.engine.Output.Finished;
import belle.engine.Output.Token;
import belle.proto.ChatMessage;
import belle.proto.FinishReason;
import belle.proto.Prompt;
import belle.proto.SamplingParams;
import belle.proto.TokenLogprob;
import belle.proto.Tokens;
import belle.runtime.Completion;
import belle.runtime.LocalGenerator;
import belle.runtime.OpenModel;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code belle generate}: one completion without a server. */
@Command(name = "generate", description = "Generates one completion without a server.")
final class GenerateCommand implements Callable<Integer> {
    @Parameters(paramLabel = "BUNDLE", description = "A bundle's folder.")
    private Path bundle;

    @ArgGroup(multiplicity = "1")
    private PromptChoice prompt;

    @Option(names = "--max-tokens", defaultValue = "128", description = "Most tokens to generate (${DEFAULT-VALUE}).")
    private int maxTokens;

    @Option(names = "--temperature", defaultValue = "0", description = "0 is greedy (${DEFAULT-VALUE}).")
    private double temperature;

    @Option(names = "--top-p", defaultValue = "1", description = "1 is off (${DEFAULT-VALUE}).")
    private double topP;

    @Option(names = "--top-k", defaultValue = "0", description = "0 is off (${DEFAULT-VALUE}).")
    private int topK;

    @Option(names = "--repetition-penalty", defaultValue = "1", description = "1 is off (${DEFAULT-VALUE}).")
    private double repetitionPenalty;

    @Option(names = "--seed", defaultValue = "0", description = "Key of the random draws (${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--logprobs",
            paramLabel = "K",
            defaultValue = "0",
            description = "Alternatives per token in --json.")
    private int alternatives;

    @Option(names = "--ignore-eos", description = "Go on after the model's end token.")
    private boolean ignoreEos;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Mixin
    private RuntimeOptions runtime;

    @Spec
    private CommandSpec spec;

    /** Exactly one of these. */
    static final class PromptChoice {
        @Option(names = "--prompt", description = "A text to continue.")
        private @Nullable String text;

        @Option(names = "--prompt-ids", converter = IdList.class, description = "Token ids to continue: 1,2,3.")
        private @Nullable Tokens ids;

        @Option(names = "--chat", description = "A user's message, put into the model's prompt template.")
        private @Nullable String message;

        Prompt prompt() {
            if (text != null) {
                return new Prompt.Text(text);
            }
            return ids != null
                    ? new Prompt.Ids(ids)
                    : new Prompt.Chat(List.of(new ChatMessage("user", String.valueOf(message))));
        }
    }

    /** What {@code --json} prints. {@code ids} holds the end token, {@code text} does not. */
    record Generated(
            @JsonProperty("prompt_ids") Tokens promptIds,
            Tokens ids,
            String text,
            @JsonProperty("finish_reason") String finishReason,
            List<Double> logprobs,
            @JsonProperty("top_logprobs") List<List<TokenLogprob.Alternative>> topLogprobs,
            Timings timings) {}

    /** Milliseconds and rates of one completion. */
    record Timings(
            @JsonProperty("open_ms") double openMillis,
            @JsonProperty("prompt_ms") double promptMillis,
            @JsonProperty("decode_ms") double decodeMillis,
            @JsonProperty("prompt_tokens_per_s") double promptRate,
            @JsonProperty("tokens_per_s") double decodeRate) {}

    @Override
    public Integer call() {
        long begun = System.nanoTime();
        var config = runtime.config();
        try (var model = OpenModel.open(bundle, runtime.runtime())) {
            double openMillis = (System.nanoTime() - begun) / 1e6;
            Tokens ids = model.encode(prompt.prompt());
            var generator = LocalGenerator.of(model, EngineConfig.from(config.getConfig("belle.node.engine")));
            Completion completion = generator.generate(ids, params(), false, this::show);
            if (json) {
                Output.json(spec.commandLine().getOut(), generated(ids, completion, openMillis));
            } else {
                spec.commandLine().getOut().println();
            }
        }
        return 0;
    }

    private void show(belle.engine.Output output) {
        if (json) {
            return;
        }
        var out = spec.commandLine().getOut();
        if (output instanceof Token token) {
            out.print(token.text());
            out.flush();
        } else if (output instanceof Finished finished) {
            out.print(finished.text());
        }
    }

    private SamplingParams params() {
        return new SamplingParams(
                maxTokens,
                temperature,
                topK,
                topP,
                0,
                repetitionPenalty,
                0,
                0,
                Map.of(),
                seed,
                alternatives,
                List.of(),
                ignoreEos,
                1);
    }

    private static Generated generated(Tokens promptIds, Completion completion, double openMillis) {
        var choice = completion.choices().getFirst();
        return new Generated(
                promptIds,
                choice.ids(),
                choice.text(),
                choice.reason() == FinishReason.STOP ? "stop" : "length",
                choice.logprobs().stream().map(TokenLogprob::logprob).toList(),
                choice.logprobs().stream().map(TokenLogprob::top).toList(),
                new Timings(
                        openMillis,
                        completion.promptMicros() / 1e3,
                        completion.decodeMicros() / 1e3,
                        rate(promptIds.size(), completion.promptMicros()),
                        rate(choice.ids().size() - 1, completion.decodeMicros())));
    }

    private static double rate(int tokens, long micros) {
        return micros == 0 ? 0 : Math.max(0, tokens * 1e6 / micros);
    }
}
