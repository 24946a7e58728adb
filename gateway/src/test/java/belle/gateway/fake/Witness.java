package belle.gateway.fake;

import belle.proto.session.SessionCommand;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** Saw what the gateway told the sessions. Thread-safe. */
public final class Witness {
    private final List<SessionCommand.Generate> generates = new CopyOnWriteArrayList<>();
    private final Map<String, CompletableFuture<Void>> cancels = new ConcurrentHashMap<>();
    private final Map<String, Long> sent = new ConcurrentHashMap<>();

    void saw(SessionCommand.Generate generate) {
        generates.add(generate);
    }

    void sawCancel(String stream) {
        cancelled(stream).complete(null);
    }

    void sawSent(String stream, long index) {
        sent.put(stream, index);
    }

    /** All requests so far, in order of arrival. */
    public List<SessionCommand.Generate> generates() {
        return List.copyOf(generates);
    }

    /** Completes when the stream is cancelled. */
    public CompletableFuture<Void> cancelled(String stream) {
        return cancels.computeIfAbsent(stream, _ -> new CompletableFuture<>());
    }

    /** Index of the last event that the session has sent, or -1. */
    public long lastSent(String stream) {
        return sent.getOrDefault(stream, -1L);
    }
}
