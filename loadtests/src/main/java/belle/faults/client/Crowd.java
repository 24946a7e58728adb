package belle.faults.client;

import belle.faults.client.Client.Gateway;
import belle.faults.client.Client.Manner;
import belle.faults.history.Answer;
import belle.faults.history.Entry.Kind;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** Many clients, each with one request after the other, until told to stop. */
public final class Crowd implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final Duration REFERENCE = Duration.ofMinutes(1);

    /** A request and the answer that it has where nothing is disturbed. */
    private record Known(Spec spec, Answer answer) {}

    private final List<Known> known = new ArrayList<>();
    private final String model;
    private final Recorder recorder;
    private final AtomicInteger begun = new AtomicInteger();
    private final AtomicInteger streams = new AtomicInteger();
    private final AtomicBoolean stopped = new AtomicBoolean();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    /**
     * Draws requests and has an undisturbed server answer them.
     *
     * @param tokens about how many an answer has
     */
    public Crowd(URI undisturbed, String model, int requests, int tokens, Random random, Recorder recorder)
            throws IOException {
        this.model = model;
        this.recorder = recorder;
        for (int i = 0; i < requests; i++) {
            Spec spec = Spec.draw(random, model, tokens);
            try (Http http = Http.send(undisturbed.resolve(spec.path()), Map.of(), spec.body(false), REFERENCE)) {
                String text = http.text();
                if (http.status() != 200) {
                    throw new IOException("the undisturbed server answers " + http.status() + " to " + spec.body(false)
                            + ": " + text);
                }
                known.add(new Known(spec, Answers.whole(Answers.json(text))));
            }
        }
    }

    /** Sets so many clients to work. */
    public void start(int clients, List<Gateway> gateways, Random random) {
        for (int i = 0; i < clients; i++) {
            Random own = new Random(random.nextLong());
            var _ = threads.submit(() -> {
                while (!stopped.get()) {
                    one(gateways, own);
                }
                return null;
            });
        }
    }

    private void one(List<Gateway> gateways, Random random) throws InterruptedException {
        String name = "r" + begun.incrementAndGet();
        int first = random.nextInt(gateways.size());
        int drawn = random.nextInt(20);
        if (drawn == 0) {
            new Client(gateways, recorder, PATIENCE, name, new Manner(Kind.WHOLE, first, 0, 0), stopped::get)
                    .askWrongly(Spec.Bad.draw(random, model));
            return;
        }
        Manner manner = switch (drawn) {
            case 1, 2 -> new Manner(Kind.KEYED, first, 0, 0);
            case 3 -> new Manner(Kind.WHOLE, first, 0, 0);
            case 4 -> new Manner(Kind.STREAM, first, 0, 1 + random.nextInt(60));
            case 5, 6 -> new Manner(Kind.STREAM, first, 40, 0);
            default -> new Manner(Kind.STREAM, first, 0, 0);
        };
        Known request = known.get(random.nextInt(known.size()));
        if (manner.kind() == Kind.STREAM) {
            streams.incrementAndGet();
        }
        Client client = new Client(gateways, recorder, PATIENCE, name, manner, stopped::get);
        client.ask(request.spec(), request.answer());
        if (manner.kind() == Kind.KEYED && random.nextInt(3) == 0) {
            client.ask(request.spec(), request.answer()); // As a client does whose answer was lost on its way.
        }
    }

    /** Returns how many streams were begun. */
    public int streams() {
        return streams.get();
    }

    /** Lets every client finish its request; returns whether all did within {@code limit}. */
    public boolean finish(Duration limit) throws InterruptedException {
        stopped.set(true);
        threads.shutdown();
        return threads.awaitTermination(limit.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public void close() {
        stopped.set(true);
        threads.shutdownNow();
    }
}
