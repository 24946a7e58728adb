package belle.gateway;

import belle.gateway.api.Errors;
import belle.gateway.http.HttpEdge;
import belle.gateway.http.HttpServer;
import belle.gateway.placement.SessionPlaces;
import belle.gateway.stream.ModelDirectory;
import belle.gateway.stream.Streams;
import belle.proto.session.SessionCommand;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.pekko.Done;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The public edge. Knows models from the nodes' {@link belle.proto.node.NodeQuery} registrations and sends work to the
 * region of sessions; holds no state that another gateway would need.
 */
public final class Gateway {
    private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);
    private static final Duration LAST_WORDS = Duration.ofSeconds(1);
    private static final Duration FLUSH = Duration.ofSeconds(3);

    private Gateway() {}

    /**
     * Starts listening. Completes when the port is bound, fails when it cannot be; readiness follows the nodes.
     *
     * <p>Stops with the system's {@link CoordinatedShutdown}: new work is answered with 503, running streams get until
     * the drain deadline and then one error event. A gateway that its cluster has put out hears no event any more: it breaks
     * its connections off at once, and clients go on at another one.
     */
    public static CompletionStage<HttpServer> start(ActorSystem<?> system, GatewayConfig config) {
        ClusterSharding sharding = ClusterSharding.get(system);
        if (!config.sessionRole().isEmpty()) {
            sharding.init(Entity.of(SessionCommand.TYPE, _ -> neverHere()).withRole(config.sessionRole()));
        }
        SessionPlaces places = SessionPlaces.start(system, config.placement());
        Streams streams = Streams.start(
                system,
                config.streams(),
                places,
                InstantSource.system(),
                session -> sharding.entityRefFor(SessionCommand.TYPE, session));
        ModelDirectory directory = ModelDirectory.start(system, config.streams());
        var draining = new AtomicBoolean();
        return HttpEdge.bind(
                        system,
                        config.host(),
                        config.port(),
                        config.http(),
                        config.tenants(),
                        directory,
                        streams,
                        draining::get)
                .thenApply(server -> {
                    drainOnShutdown(system, config, streams, draining, server);
                    return server;
                });
    }

    private static Behavior<SessionCommand> neverHere() {
        return Behaviors.stopped(); // Only a proxy of the region runs here: the role keeps entities away.
    }

    private static void drainOnShutdown(
            ActorSystem<?> system, GatewayConfig config, Streams streams, AtomicBoolean draining, HttpServer server) {
        CoordinatedShutdown shutdown = CoordinatedShutdown.get(system);
        String phase = CoordinatedShutdown.PhaseServiceRequestsDone();
        Duration phaseLimit = Duration.ofMillis(shutdown.timeout(phase).toMillis())
                .minus(LAST_WORDS)
                .minus(FLUSH);
        Duration deadline = config.drainDeadline();
        if (deadline.compareTo(phaseLimit) > 0) {
            LOG.warn(
                    "belle.gateway.drain-deadline is {} but the shutdown phase '{}' allows {}",
                    deadline,
                    phase,
                    phaseLimit);
            deadline = phaseLimit;
        }
        Duration allowed = deadline;
        shutdown.addTask(CoordinatedShutdown.PhaseServiceUnbind(), "gateway-refuses-new-work", () -> {
            draining.set(true);
            return CompletableFuture.completedFuture(Done.getInstance());
        });
        shutdown.addTask(
                phase,
                "gateway-finishes-streams",
                () -> isPutOut(shutdown)
                        ? server.breakOff()
                        : within(streams.awaitIdle(), allowed)
                                .thenCompose(idle -> idle ? done() : lastWords(streams))
                                .thenCompose(_ -> server.close(FLUSH)));
    }

    private static boolean isPutOut(CoordinatedShutdown shutdown) {
        return shutdown.getShutdownReason().equals(Optional.of(CoordinatedShutdown.clusterDowningReason()));
    }

    private static CompletionStage<Done> lastWords(Streams streams) {
        LOG.warn("streams still running at the drain deadline are ended");
        streams.expireAll(Errors.LEAVING);
        return within(streams.awaitIdle(), LAST_WORDS).thenApply(_ -> Done.getInstance());
    }

    /** Completes with whether the stage completed within the time. */
    private static CompletionStage<Boolean> within(CompletionStage<Done> stage, Duration time) {
        return stage.thenApply(_ -> true)
                .toCompletableFuture()
                .completeOnTimeout(false, time.toMillis(), TimeUnit.MILLISECONDS);
    }

    private static CompletionStage<Done> done() {
        return CompletableFuture.completedFuture(Done.getInstance());
    }
}
