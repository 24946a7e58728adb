package belle.bench;

import belle.bench.CompletionClient.Answer;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Measures one server: throughput at several numbers of streams, a long prompt, and a conversation's second turn. */
public final class ServerBench implements AutoCloseable {
    private final CompletionClient client;
    private final Prompts prompts;
    private final BenchSize size;

    private ServerBench(CompletionClient client, Prompts prompts, BenchSize size) {
        this.client = client;
        this.prompts = prompts;
        this.size = size;
    }

    /** Connects to a server and sends it a first request, outside of any measurement. */
    public static ServerBench connect(URI base, String model, BenchSize size) throws IOException, InterruptedException {
        var client = new CompletionClient(base, model);
        return new ServerBench(client, Prompts.sizedFor(client, size.seed()), size);
    }

    /** Returns every measurement as a task of its own, so that two servers can take turns. */
    public List<Callable<List<Measurement>>> tasks() {
        List<Callable<List<Measurement>>> tasks = new ArrayList<>();
        for (int level : size.levels()) {
            tasks.add(() -> streams(level));
        }
        tasks.add(this::prefill);
        tasks.add(this::followUp);
        return tasks;
    }

    /** Returns output tokens per second, prefill included, of {@code streams} streams that begin together. */
    private List<Measurement> streams(int streams) throws InterruptedException, ExecutionException {
        List<Callable<Answer>> work = new ArrayList<>();
        for (int i = 0; i < streams; i++) {
            String prompt = prompts.ofTokens(size.promptTokens());
            work.add(() -> client.complete(prompt, size.outputTokens()));
        }
        long start = System.nanoTime();
        List<Answer> answers = new ArrayList<>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<Answer> answer : threads.invokeAll(work)) {
                answers.add(answer.get());
            }
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        int output = answers.stream().mapToInt(Answer::outputTokens).sum();
        String name = streams + (streams == 1 ? " stream" : " streams");
        return List.of(
                new Measurement(name, output / seconds, "tokens/s", true),
                new Measurement(name + ", first token", median(firstTokens(answers)), "s", false),
                new Measurement(name + ", between tokens", 1000 * median(gaps(answers)), "ms", false));
    }

    /** Returns prompt tokens per second of one long prompt. */
    private List<Measurement> prefill() throws IOException, InterruptedException {
        Answer answer = client.complete(prompts.ofTokens(size.longPromptTokens()), 1);
        return List.of(new Measurement(
                "prompt of " + size.longPromptTokens(),
                answer.promptTokens() / answer.firstTokenSeconds(),
                "tokens/s",
                true));
    }

    /** Returns the time to the first token of a conversation's second turn, alone and against its first turn's. */
    private List<Measurement> followUp() throws IOException, InterruptedException {
        String history = prompts.ofTokens(size.longPromptTokens());
        Answer first = client.complete(history, 16);
        Answer second = client.complete(history + first.text() + prompts.ofTokens(30), 16);
        return List.of(
                new Measurement("second turn, first token", second.firstTokenSeconds(), "s", false),
                new Measurement(
                        "second turn of the first's time",
                        100 * second.firstTokenSeconds() / first.firstTokenSeconds(),
                        "%",
                        false));
    }

    @Override
    public void close() {
        client.close();
    }

    private static List<Double> firstTokens(List<Answer> answers) {
        return answers.stream().map(Answer::firstTokenSeconds).toList();
    }

    private static List<Double> gaps(List<Answer> answers) {
        List<Double> gaps = new ArrayList<>();
        for (Answer answer : answers) {
            for (int i = 1; i < answer.pieceNanos().size(); i++) {
                gaps.add((answer.pieceNanos().get(i) - answer.pieceNanos().get(i - 1)) / 1e9);
            }
        }
        return gaps;
    }

    static double median(List<Double> values) {
        return values.isEmpty() ? Double.NaN : values.stream().sorted().toList().get(values.size() / 2);
    }
}
