package belle.faults.client;

import belle.faults.history.Answer;
import belle.faults.history.Entry;
import belle.faults.history.Entry.Kind;
import belle.faults.history.Piece;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * Asks for one answer until it has it: a stream from where it broke off, a whole answer under its key. Tells the recorder
 * everything that it sees, before anything else.
 */
public final class Client {
    /** A process that takes requests. */
    public record Gateway(String name, URI url) {}

    /**
     * How a request is made and its answer read.
     *
     * @param first place of the gateway that is asked first; then each in turn
     * @param millisAnEvent a slow reader's pause
     * @param leavesAfter the client goes away after so many events; 0 for never
     */
    public record Manner(Kind kind, int first, long millisAnEvent, int leavesAfter) {}

    private static final Set<Integer> TRY_AGAIN = Set.of(429, 503);
    private static final Duration SILENCE = Duration.ofSeconds(6);
    /** How long a request that can be repeated waits: a gateway that is cut off cannot say that it is gone. */
    private static final Duration KEYED_SILENCE = Duration.ofSeconds(30);

    private static final long BETWEEN_ATTEMPTS_MILLIS = 250;

    private final List<Gateway> gateways;
    private final Recorder recorder;
    private final Duration patience;
    private final String name;
    private final Manner manner;
    private final BooleanSupplier hurry;
    private int attempt;
    private String stream = "";
    private long after = -1;
    private int heard;

    /**
     * @param name of the request, used once; also its key
     * @param patience after which the client gives up
     * @param hurry true from when a slow reader is to be a quick one
     */
    public Client(
            List<Gateway> gateways,
            Recorder recorder,
            Duration patience,
            String name,
            Manner manner,
            BooleanSupplier hurry) {
        this.hurry = hurry;
        this.gateways = List.copyOf(gateways);
        this.recorder = recorder;
        this.patience = patience;
        this.name = name;
        this.manner = manner;
    }

    /** Asks for an answer that is expected to be {@code expected}; returns when it is there, or will not be. */
    public void ask(Spec spec, Answer expected) throws InterruptedException {
        recorder.add(at -> new Entry.Expected(at, name, expected));
        long end = System.nanoTime() + patience.toNanos();
        boolean done = false;
        while (!done && System.nanoTime() < end) {
            Gateway gateway = gateways.get((manner.first() + attempt) % gateways.size());
            int now = attempt;
            long behind = after;
            recorder.add(at -> new Entry.Sent(at, name, now, manner.kind(), gateway.name(), behind));
            try {
                done = attempt(gateway, spec);
            } catch (IOException e) {
                recorder.add(at -> new Entry.CutOff(at, name, now, String.valueOf(e.getMessage())));
                done = manner.kind() == Kind.WHOLE;
            }
            attempt++;
            if (!done) {
                Thread.sleep(BETWEEN_ATTEMPTS_MILLIS);
            }
        }
    }

    /** Sends a request that is wrong. */
    void askWrongly(Spec.Bad bad) {
        recorder.add(at -> new Entry.Wrong(at, name, bad.status()));
        Gateway gateway = gateways.get(manner.first() % gateways.size());
        recorder.add(at -> new Entry.Sent(at, name, 0, manner.kind(), gateway.name(), -1));
        try (Http http = Http.send(gateway.url().resolve(bad.path()), Map.of(), bad.body(), patience)) {
            int status = http.status();
            String text = http.text();
            recorder.add(at -> status == 200
                    ? new Entry.Begun(at, name, 0, "")
                    : new Entry.Refused(at, name, 0, status, Answers.message(text)));
        } catch (IOException e) {
            recorder.add(at -> new Entry.CutOff(at, name, 0, String.valueOf(e.getMessage())));
        }
    }

    /** Returns whether there is nothing more to come. */
    private boolean attempt(Gateway gateway, Spec spec) throws IOException, InterruptedException {
        boolean whole = manner.kind() != Kind.STREAM;
        Duration silence = manner.kind() == Kind.WHOLE ? patience : whole ? KEYED_SILENCE : SILENCE;
        Map<String, String> key = manner.kind() == Kind.WHOLE ? Map.of() : Map.of("Idempotency-Key", name);
        try (Http http = stream.isEmpty()
                ? Http.send(gateway.url().resolve(spec.path()), key, spec.body(!whole), silence)
                : Http.send(
                        gateway.url().resolve("/v1/streams/" + stream),
                        Map.of("Last-Event-ID", stream + "." + after),
                        "",
                        SILENCE)) {
            int status = http.status();
            int now = attempt;
            if (status != 200) {
                String message = Answers.message(http.text());
                recorder.add(at -> new Entry.Refused(at, name, now, status, message));
                return !TRY_AGAIN.contains(status);
            }
            if (whole) {
                JsonNode body = Answers.json(http.text());
                Answer answer = Answers.whole(body);
                recorder.add(
                        at -> new Entry.Answered(at, name, now, body.path("id").asText(), answer));
                return true;
            }
            return read(http);
        }
    }

    private boolean read(Http http) throws IOException, InterruptedException {
        try (var lines = new BufferedReader(new InputStreamReader(http.body(), StandardCharsets.UTF_8))) {
            String id = "";
            String event = "";
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith("id: ")) {
                    id = line.substring(4);
                } else if (line.startsWith("event: ")) {
                    event = line.substring(7);
                } else if (line.startsWith("data: ")) {
                    if (note(id, Answers.pieces(event, line.substring(6)))) {
                        return true;
                    }
                    event = "";
                    Thread.sleep(hurry.getAsBoolean() ? 0 : manner.millisAnEvent());
                }
            }
        }
        throw new IOException("the stream stopped without an end");
    }

    private boolean note(String id, List<Piece> pieces) {
        int dot = id.lastIndexOf('.');
        long index = Long.parseLong(id.substring(dot + 1));
        int now = attempt;
        if (stream.isEmpty() || heard == 0) {
            stream = id.substring(0, dot);
        }
        String known = stream;
        if (heard++ == 0 || index <= after) {
            recorder.add(at -> new Entry.Begun(at, name, now, known));
        }
        after = index;
        boolean over = false;
        for (Piece piece : pieces) {
            recorder.add(at -> new Entry.Heard(at, name, now, index, -1, piece));
            over |= piece instanceof Piece.End || piece instanceof Piece.Broken;
        }
        if (!over && manner.leavesAfter() > 0 && heard >= manner.leavesAfter()) {
            recorder.add(at -> new Entry.Left(at, name, now));
            return true;
        }
        return over;
    }
}
