package belle.cli;

import belle.client.Api;
import belle.client.Question;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** What eval's commands send to a server beside the text: call, length and sampling. */
final class RequestOptions {
    @Option(
            names = "--api",
            defaultValue = "chat",
            paramLabel = "completion|chat",
            description = "Which call of the server (${DEFAULT-VALUE}).")
    private Api api;

    @Option(
            names = "--max-tokens",
            defaultValue = "512",
            paramLabel = "N",
            description = "Tokens of an answer (${DEFAULT-VALUE}).")
    private int maxTokens;

    @Option(
            names = "--temperature",
            defaultValue = "0",
            paramLabel = "X",
            description = "Of sampling; 0 is greedy (${DEFAULT-VALUE}).")
    private double temperature;

    /** Refuses wrong values as wrong usage of {@code command}. */
    void check(CommandLine command) {
        ServerOptions.atLeast(command, "--max-tokens", maxTokens, 1);
    }

    /** Makes requests of texts. */
    Function<String, Question> questions(String model) {
        return text -> new Question(api, model, text, maxTokens, temperature, 1, List.of(), OptionalLong.empty());
    }

    /** All that decides a model's answers, as one line. */
    String line(String model) {
        return api + " " + model + " max_tokens " + maxTokens + " temperature " + temperature;
    }
}
