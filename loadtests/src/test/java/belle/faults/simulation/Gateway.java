package belle.faults.simulation;

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
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/** A gateway without its HTTP edge. It lives through all runs; between two of them nothing is left in it. */
final class Gateway {
    private static final Duration NEVER = Duration.ofDays(99);
    private static final StreamConfig STREAMS = new StreamConfig(
            64, 16, Duration.ofSeconds(5), Duration.ofSeconds(5), 3, Duration.ofMillis(200), 300, NEVER);

    private final Host host;
    private final Streams streams;
    private final Map<String, ActorRef<SessionCommand>> sessions = new LinkedHashMap<>();
    private Optional<Region> region = Optional.empty();

    Gateway(Host host, InstantSource clock) {
        this.host = host;
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

    /** Whether no stream is open; known a moment after it has been asked. */
    CompletableFuture<?> idle() {
        return streams.awaitIdle().toCompletableFuture();
    }
}
