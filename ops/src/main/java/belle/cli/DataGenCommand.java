package belle.cli;

import belle.client.Api;
import belle.client.Question;
import belle.datagen.Generator;
import belle.datagen.Item;
import belle.datagen.RunSettings;
import belle.datagen.SeedTasks;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.Tokens;
import belle.proto.bundle.FileHash;
import belle.text.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code belle data-gen}: instruction data from a model's own answers (Wang et al. 2022), in Chinese. */
@Command(
        name = "data-gen",
        description = {
            "Lets a model write instruction data, from seed tasks.",
            "Goes on where an earlier run with the same output stopped. OPENAI_API_KEY is the server's key."
        })
final class DataGenCommand implements Callable<Integer> {
    /** Ends where a model would number on without end. */
    private static final List<String> STOP = List.of("\n20", "20.");

    @Option(
            names = "--api",
            defaultValue = "completion",
            paramLabel = "completion|chat",
            description = "Which call of the server (${DEFAULT-VALUE}).")
    private Api api;

    @Option(names = "--model", required = true, paramLabel = "NAME", description = "The model's name at the server.")
    private String model;

    @Option(names = "--num-instructions", required = true, paramLabel = "N", description = "Items wanted in all.")
    private int items;

    @Option(names = "--seed-tasks", paramLabel = "FILE", description = "JSON lines; the project's own if not given.")
    private @Nullable Path seedTasks;

    @Option(
            names = "--prompt",
            paramLabel = "FILE",
            description = "What heads a prompt; the project's own if not given.")
    private @Nullable Path prompt;

    @Option(
            names = "--output",
            required = true,
            paramLabel = "FILE",
            description = "The items, a JSON array; the log stands beside it.")
    private Path output;

    @Option(
            names = "--tokenizer",
            paramLabel = "FILE",
            description = "A tokenizer.json or a bundle, for similarity; the embedded model's if not given.")
    private @Nullable Path tokenizer;

    @Option(
            names = "--num-prompt-instructions",
            defaultValue = "3",
            paramLabel = "N",
            description = "Seed tasks in a prompt (${DEFAULT-VALUE}).")
    private int examples;

    @Option(
            names = "--similarity-limit",
            defaultValue = "18",
            paramLabel = "X",
            description = "Highest BM25 score that is kept (${DEFAULT-VALUE}).")
    private double limit;

    @Option(
            names = "--max-tokens",
            defaultValue = "1024",
            paramLabel = "N",
            description = "Tokens of an answer (${DEFAULT-VALUE}).")
    private int maxTokens;

    @Option(
            names = "--temperature",
            defaultValue = "1",
            paramLabel = "X",
            description = "Of sampling (${DEFAULT-VALUE}).")
    private double temperature;

    @Option(names = "--top-p", defaultValue = "1", paramLabel = "X", description = "Of sampling (${DEFAULT-VALUE}).")
    private double topP;

    @Option(names = "--seed", defaultValue = "42", paramLabel = "N", description = "Of the draws (${DEFAULT-VALUE}).")
    private long seed;

    @Option(names = "--max-requests", paramLabel = "N", description = "Ends the run, earlier parts of it counted.")
    private long maxRequests = Long.MAX_VALUE;

    @Option(names = "--max-total-tokens", paramLabel = "N", description = "Likewise, prompts and answers.")
    private long maxTotalTokens = Long.MAX_VALUE;

    @Mixin
    private ServerOptions server;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        List<Item> tasks = seedTasks == null ? SeedTasks.own() : SeedTasks.read(seedTasks);
        check(tasks.size());
        String heading = prompt == null
                ? SeedTasks.ownHeading()
                : Files.readString(prompt).strip();
        Path vocabulary = vocabulary();
        try (Tokenizer tokens = Tokenizer.open(vocabulary)) {
            var plan = new Generator.Plan(
                    tasks,
                    heading,
                    new RunSettings(
                            seed, limit, examples, hash(heading + tasks), FileHash.plain(vocabulary), request()),
                    items,
                    output.toAbsolutePath(),
                    server.server(),
                    server.retries(),
                    text -> new Question(api, model, text, maxTokens, temperature, topP, STOP, OptionalLong.empty()),
                    text -> ids(tokens.encode(text)),
                    server.concurrency(),
                    5 * server.concurrency(),
                    maxRequests,
                    maxTotalTokens);
            return run(new Generator(plan));
        }
    }

    private int run(Generator generator) throws IOException {
        var _ = Termination.requested().thenRun(generator::stop);
        var progress = new DataGenProgress(spec.commandLine().getErr(), generator.tally(), items, System::nanoTime);
        Generator.End end;
        try {
            end = generator.run(new Random(), progress);
        } finally {
            progress.close();
        }
        var out = spec.commandLine().getOut();
        switch (end) {
            case COMPLETE -> {}
            case BUDGET -> out.println("the budget is spent; the same command with a larger one goes on");
            case STOPPED -> out.println("stopped; the same command goes on");
        }
        progress.summary().forEach(out::println);
        generator.histograms().lines().forEach(out::println);
        out.println(output + ": " + generator.tally().kept() + " items");
        return 0;
    }

    private void check(int tasks) {
        server.check(spec.commandLine());
        atLeast("--num-instructions", items, 1);
        atLeast("--max-tokens", maxTokens, 1);
        atLeast("--max-requests", maxRequests, 1);
        atLeast("--max-total-tokens", maxTotalTokens, 1);
        atLeast("--num-prompt-instructions", examples, 1);
        if (examples > tasks) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--num-prompt-instructions is " + examples + ", but there are " + tasks + " seed tasks");
        }
    }

    private void atLeast(String flag, long value, long least) {
        ServerOptions.atLeast(spec.commandLine(), flag, value, least);
    }

    private String request() {
        return api + " " + model + " max_tokens " + maxTokens + " temperature " + temperature + " top_p " + topP;
    }

    private Path vocabulary() {
        Path named = tokenizer == null ? EmbeddedModel.bundle().directory() : tokenizer;
        Path file = Files.isDirectory(named) ? named.resolve("tokenizer.json") : named;
        if (!Files.isRegularFile(file)) {
            throw new FailureException(new Failure.Invalid("--tokenizer", file + ": no such file"));
        }
        return file;
    }

    private static int[] ids(Tokens tokens) {
        int[] ids = new int[tokens.size()];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = tokens.get(i);
        }
        return ids;
    }

    private static String hash(String text) {
        return FileHash.of(text.getBytes(StandardCharsets.UTF_8));
    }
}
