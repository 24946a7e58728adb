package belle.faults.simulation;

import belle.gateway.api.Errors;
import belle.gateway.placement.PlacementConfig;
import belle.gateway.placement.SessionPlaces;
import belle.gateway.stream.OpenStream;
import belle.gateway.stream.StreamConfig;
import belle.gateway.stream.Streams;
import belle.proto.session.SessionCommand;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/** A gateway without its HTTP edge. It lives through all runs; between two of them nothing is left in it. */
final class Gateway {
    private static final Duration NEVER = Duration.ofDays(99);
    private static final StreamConfig STREAMS = new StreamConfig(
            64, 16, Duration.ofSeconds(5), Duration.ofSeconds(5), 3, Duration.ofMillis(200), 300, NEVER);

    private final Host host;
    private final SimulatedTime time;
    private final Streams streams;
    private final Map<String, ActorRef<SessionCommand>> sessions = new LinkedHashMap<>();
    private Optional<Region> region = Optional.empty();

    /** @param clock the process's own, which need not be right */
    Gateway(Host host, SimulatedTime time, InstantSource clock) {
        this.host = host;
        this.time = time;
        streams = Streams.start(
                host.system(),
                STREAMS,
                SessionPlaces.start(host.system(), new PlacementConfig(2, 8, NEVER)),
                clock,
                session -> sessions.computeIfAbsent(session, this::byName));
    }

    /** Finds its sessions in {@code now}'s region from now on. */
    void begin(Region now) {
        region = Optional.of(now);
    }

    /** Knows no session any more. */
    void end() {
        region = Optional.empty();
        sessions.values().forEach(Host::stop);
        sessions.clear();
    }

    Host host() {
        return host;
    }

    private ActorRef<SessionCommand> byName(String session) {
        return host.spawn(
                Behaviors.receive(SessionCommand.class)
                        .onAnyMessage(command -> {
                            region.ifPresent(known -> known.send(host, session, command));
                            return Behaviors.same();
                        })
                        .build(),
                "session");
    }

    /**
     * Has the gateway take up a request once it can. One whose client has left meanwhile is taken up, too: that the
     * connection is closed is seen only a moment later.
     */
    CompletableFuture<OpenStream> take(Supplier<CompletableFuture<OpenStream>> request) {
        var answer = new CompletableFuture<OpenStream>();
        host.whenAwake(() -> {
            CompletableFuture<OpenStream> opened = request.get();
            Runnable left = () -> {
                opened.cancel(false);
                var _ = opened.thenAccept(Gateway::leave);
            };
            if (answer.isCancelled()) {
                time.in(time.between(0, 50 * SimulatedTime.MILLIS), left);
                return;
            }
            var _ = opened.thenAccept(answer::complete);
            var _ = answer.whenComplete((_, _) -> {
                if (answer.isCancelled()) {
                    left.run();
                }
            });
        });
        return answer;
    }

    private static void leave(OpenStream stream) {
        if (stream instanceof OpenStream.Begun begun) {
            begun.discard().run();
        }
    }

    /** Asks for an answer from its beginning. */
    CompletableFuture<OpenStream> generate(Wanted wanted, String stream) {
        return streams.generate(wanted.session(), stream, reader -> wanted.generate(stream, reader));
    }

    /** Asks for the answer that a key has, or is to have. */
    CompletableFuture<OpenStream> generateOrJoin(Wanted wanted, String stream) {
        return streams.generateOrJoin(wanted.session(), stream, reader -> wanted.generate(stream, reader));
    }

    /** Asks for the rest of a stream. */
    CompletableFuture<OpenStream> resume(Wanted wanted, String stream, long after) {
        return streams.resume(wanted.session(), stream, after);
    }

    /** Leaves; streams that have not ended are told so. */
    void expire() {
        streams.expireAll(Errors.LEAVING);
    }

    /** Whether no stream is open; known a moment after it has been asked. */
    CompletableFuture<?> idle() {
        return streams.awaitIdle().toCompletableFuture();
    }
}
