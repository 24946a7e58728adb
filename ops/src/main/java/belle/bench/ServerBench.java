package belle.bench;

import belle.bench.CompletionClient.Answer;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Measures one server: throughput at several numbers of streams, a long prompt alone and beside streams, a conversation's
 * second turn, and a stream beside a process that wants a core for itself.
 */
public final class ServerBench {
    private final URI base;
    private final String model;
    private final Prompts prompts;
    private final BenchSize size;

    private ServerBench(URI base, String model, Prompts prompts, BenchSize size) {
        this.base = base;
        this.model = model;
        this.prompts = prompts;
        this.size = size;
    }

    /** Sends a server a first request, outside of any measurement. */
    public static ServerBench connect(URI base, String model, BenchSize size) throws IOException, InterruptedException {
        try (var client = new CompletionClient(base, model)) {
            return new ServerBench(base, model, Prompts.sizedFor(client, size.seed()), size);
        }
    }

    private Answer complete(String prompt, int tokens) throws IOException, InterruptedException {
        return complete(prompt, tokens, () -> {});
    }

    /** On a connection of its own: a server may close one that rests while the other server is measured. */
    private Answer complete(String prompt, int tokens, Runnable begun) throws IOException, InterruptedException {
        try (var client = new CompletionClient(base, model)) {
            return client.complete(prompt, tokens, begun);
        }
    }

    /** Has one stream served whose prompt and answer are about {@code tokens} together. */
    public void stream(int tokens) throws IOException, InterruptedException {
        complete(prompts.ofTokens(tokens - size.outputTokens()), size.outputTokens());
    }

    /** What can be measured of a server. */
    public enum Part {
        STREAMS,
        PROMPT,
        TURN,
        BESIDE,
        NEIGHBOUR
    }

    /** Returns the measurements of {@code parts}, each as a task of its own, so that two servers can take turns. */
    public List<Callable<List<Measurement>>> tasks(Set<Part> parts) {
        List<Callable<List<Measurement>>> tasks = new ArrayList<>();
        for (Part part : parts) {
            switch (part) {
                case STREAMS -> size.levels().forEach(level -> tasks.add(() -> streams(level)));
                case PROMPT -> tasks.add(this::prefill);
                case TURN -> tasks.add(this::followUp);
                case BESIDE -> tasks.add(this::promptBesideStreams);
                case NEIGHBOUR -> tasks.add(this::busyNeighbour);
            }
        }
        return tasks;
    }

    /** Returns output tokens per second, prefill included, of {@code streams} streams that begin together. */
    private List<Measurement> streams(int streams) throws InterruptedException, ExecutionException {
        List<Callable<Answer>> work = new ArrayList<>();
        for (int i = 0; i < streams; i++) {
            String prompt = prompts.ofTokens(size.promptTokens());
            work.add(() -> complete(prompt, size.outputTokens()));
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
        Answer answer = complete(prompts.ofTokens(size.longPromptTokens()), 1);
        return List.of(new Measurement(
                "prompt of " + size.longPromptTokens(),
                answer.promptTokens() / answer.firstTokenSeconds(),
                "tokens/s",
                true));
    }

    /** Returns the time to the first token of a conversation's second turn, alone and against its first turn's. */
    private List<Measurement> followUp() throws IOException, InterruptedException {
        String history = prompts.ofTokens(size.longPromptTokens());
        Answer first = complete(history, 16);
        Answer second = complete(history + first.text() + prompts.ofTokens(30), 16);
        return List.of(
                new Measurement("second turn, first token", second.firstTokenSeconds(), "s", false),
                new Measurement(
                        "second turn of the first's time",
                        100 * second.firstTokenSeconds() / first.firstTokenSeconds(),
                        "%",
                        false));
    }

    /** Returns how a prompt of twice the length and four running streams bear one another. */
    private List<Measurement> promptBesideStreams() throws IOException, InterruptedException, ExecutionException {
        int streams = 4;
        int tokens = 2 * size.longPromptTokens();
        double alone = complete(prompts.ofTokens(tokens), 1).firstTokenSeconds();
        var begun = new CountDownLatch(streams);
        List<Answer> running = new ArrayList<>();
        Answer prompt;
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Answer>> answers = new ArrayList<>();
            for (int i = 0; i < streams; i++) {
                String text = prompts.ofTokens(size.promptTokens());
                answers.add(threads.submit(() -> complete(text, 3 * size.outputTokens(), begun::countDown)));
            }
            begun.await();
            Thread.sleep(size.steady());
            prompt = complete(prompts.ofTokens(tokens), 1);
            for (Future<Answer> answer : answers) {
                running.add(answer.get());
            }
        }
        List<Double> quiet = new ArrayList<>();
        List<Double> disturbed = new ArrayList<>();
        for (Answer answer : running) {
            quiet.addAll(answer.gapsBetween(prompt.sentNanos() - size.steady().toNanos() / 2, prompt.sentNanos()));
            disturbed.addAll(answer.gapsBetween(prompt.sentNanos(), prompt.endNanos()));
        }
        String name = "prompt of " + tokens;
        return List.of(
                new Measurement(name + " alone, first token", alone, "s", false),
                new Measurement(name + " by 4 streams, first token", prompt.firstTokenSeconds(), "s", false),
                new Measurement("4 streams before it, between tokens", 1000 * median(quiet), "ms", false),
                new Measurement("4 streams beside it, 99th percentile", 1000 * percentile(disturbed, 99), "ms", false),
                new Measurement("4 streams beside it, longest pause", 1000 * percentile(disturbed, 100), "ms", false));
    }

    /** Returns the speed of one stream behind its first token, alone and beside a process that never sleeps. */
    private List<Measurement> busyNeighbour() throws IOException, InterruptedException {
        double alone = complete(prompts.ofTokens(size.promptTokens()), size.outputTokens())
                .decodeSpeed();
        try (var _ = BusyProcess.start()) {
            double beside = complete(prompts.ofTokens(size.promptTokens()), size.outputTokens())
                    .decodeSpeed();
            return List.of(
                    new Measurement("1 stream, behind its first token", alone, "tokens/s", true),
                    new Measurement("the same beside a busy process", beside, "tokens/s", true));
        }
    }

    private static List<Double> firstTokens(List<Answer> answers) {
        return answers.stream().map(Answer::firstTokenSeconds).toList();
    }

    private static List<Double> gaps(List<Answer> answers) {
        List<Double> gaps = new ArrayList<>();
        for (Answer answer : answers) {
            gaps.addAll(answer.gapsBetween(Long.MIN_VALUE, Long.MAX_VALUE));
        }
        return gaps;
    }

    static double median(List<Double> values) {
        return percentile(values, 50);
    }

    private static double percentile(List<Double> values, int percent) {
        List<Double> sorted = values.stream().sorted().toList();
        return sorted.isEmpty() ? Double.NaN : sorted.get((sorted.size() - 1) * percent / 100);
    }
}
