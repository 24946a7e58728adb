package belle.cli;

import belle.client.Api;
import belle.client.Budget;
import belle.client.ModelClient;
import belle.client.Question;
import belle.eval.Answers;
import belle.eval.EvalItem;
import belle.eval.EvalSet;
import belle.eval.Reply;
import belle.proto.bundle.FileHash;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code belle eval run}: a model's answers to a set, into a file that a killed run goes on from. */
@Command(
        name = "run",
        description = {
            "Asks a model all questions of a set. Goes on where an earlier run with the same output stopped;",
            "questions that got no answer are asked again."
        })
final class EvalRunCommand implements Callable<Integer> {
    @Option(
            names = "--set",
            required = true,
            paramLabel = "FILE",
            description = "Questions: {question, std_answer, class}, a JSON array or JSON lines.")
    private Path set;

    @Option(names = "--model", required = true, paramLabel = "NAME", description = "The model's name at the server.")
    private String model;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "The answers.")
    private Path out;

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

    @Mixin
    private ServerOptions server;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        server.check(spec.commandLine());
        ServerOptions.atLeast(spec.commandLine(), "--max-tokens", maxTokens, 1);
        List<EvalItem> items = EvalSet.read(set);
        var settings = new Answers.Settings(
                FileHash.plain(set), api + " " + model + " max_tokens " + maxTokens + " temperature " + temperature);
        var err = spec.commandLine().getErr();
        Map<Long, Reply> replies;
        try (var client = new ModelClient(
                server.server(), server.retries(), Budget.unlimited(), new Random(), Clock.systemUTC())) {
            replies = Answers.run(
                    items,
                    out,
                    settings,
                    client,
                    text -> new Question(api, model, text, maxTokens, temperature, 1, List.of(), OptionalLong.empty()),
                    server.concurrency(),
                    done -> {
                        if (done % Math.max(items.size() / 10, 1) == 0 || done == items.size()) {
                            err.println(done + " of " + items.size());
                        }
                    });
        }
        long failed = replies.values().stream()
                .filter(reply -> !reply.failure().isEmpty())
                .count();
        spec.commandLine()
                .getOut()
                .println(out + ": " + (replies.size() - failed) + " of " + items.size() + " answered"
                        + (failed == 0 ? "" : "; the same command asks the other " + failed + " again"));
        return failed == 0 ? 0 : 1;
    }
}
