package belle.faults.simulation;

import belle.engine.EngineConfig;
import belle.engine.EngineLoad;
import belle.proto.Prompt;
import belle.proto.bundle.KvType;
import belle.proto.session.SessionCommand;
import belle.replica.BatchActor;
import belle.replica.KvCacheActor;
import belle.replica.ReplicaConfig;
import belle.replica.ReplicaParts;
import belle.replica.ReplicaReport;
import belle.runtime.KvLayout;
import belle.session.Replicas;
import belle.session.ServedModel;
import belle.session.ServedModels;
import belle.session.SessionActor;
import belle.session.SessionConfig;
import belle.session.SessionDoor;
import belle.session.SessionHome;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/** A node: one replica, and the sessions whose home it is. */
final class Node {
    /** What the node tells the region about sessions of its own accord. */
    interface Sharding {
        /** A session has nothing to do and wants its door closed. */
        void passivate(Node node, String session);

        /** A session sends on what it hears too late. */
        void forward(Node node, String session, SessionCommand command);
    }

    private static final EngineConfig ENGINE = new EngineConfig(6, 30, 24, 8, 16);
    private static final ReplicaConfig REPLICA = new ReplicaConfig(Duration.ofHours(9), 100, Duration.ofHours(9), 1);
    private static final SessionConfig SESSION = new SessionConfig(
            6,
            Duration.ofSeconds(30),
            Duration.ofSeconds(2),
            Duration.ofSeconds(20),
            16,
            4096,
            2,
            Duration.ofSeconds(10));
    private static final int BLOCKS = 30;
    private static final int BLOCK_TOKENS = 4;

    private final Host host;
    private final Sharding sharding;
    private final TinyModel model = new TinyModel(BLOCKS, BLOCK_TOKENS);
    private final ActorRef<KvCacheActor.Command> replica;
    private final Map<String, ActorRef<SessionCommand>> doors = new LinkedHashMap<>();
    private Optional<ActorRef<BatchActor.Command>> batch = Optional.empty();
    private Optional<ReplicaReport.Load> load = Optional.empty();
    private int residents;

    /** A node begins in {@code process}. */
    Node(Host host, Sharding sharding) {
        this.host = host;
        this.sharding = sharding;
        var parts = new ReplicaParts(
                Wanted.MODEL,
                "0",
                TinyModel.FACTS,
                ENGINE,
                REPLICA,
                new KvLayout(1, BLOCKS, 1, 1, BLOCK_TOKENS, KvType.F16),
                model);
        ActorRef<ReplicaReport> reports = host.spawn(
                Behaviors.receive(ReplicaReport.class)
                        .onMessage(ReplicaReport.Built.class, built -> {
                            batch = Optional.of(built.batch());
                            return Behaviors.same();
                        })
                        .onMessage(ReplicaReport.Load.class, told -> {
                            load = Optional.of(told);
                            return Behaviors.same();
                        })
                        .onAnyMessage(_ -> Behaviors.same())
                        .build(),
                "reports");
        replica = host.spawn(KvCacheActor.create(parts, reports), "replica");
    }

    Host host() {
        return host;
    }

    /** Whether it can take sessions. */
    boolean built() {
        return batch.isPresent();
    }

    /** Sessions that are still here. */
    int residents() {
        return residents;
    }

    /** Blocks in use, as it last told. */
    int leasedBlocks() {
        return load.map(ReplicaReport.Load::engine)
                .map(EngineLoad::leasedBlocks)
                .orElse(0);
    }

    /** Streams that have not ended, as it last told. */
    int streams() {
        return load.map(ReplicaReport.Load::streams).orElse(0);
    }

    /** The batch loop crashes at its next step. */
    void crashLoop() {
        model.spoilNext();
    }

    /** A command comes to a session that lives here. */
    void take(String session, SessionCommand command) {
        doors.computeIfAbsent(session, this::open).tell(command);
    }

    private ActorRef<SessionCommand> open(String session) {
        var served = new ServedModel(
                Wanted.MODEL,
                "tiny",
                TinyModel.CONTEXT,
                TinyModel.FACTS.vocabulary(),
                prompt -> ((Prompt.Ids) prompt).ids(),
                new Replicas(List.of(batch.orElseThrow())));
        return host.spawn(
                SessionDoor.create(door -> {
                    residents++;
                    return SessionActor.create(SESSION, ServedModels.of(served), home(session, door), Optional.empty());
                }),
                "door");
    }

    private SessionHome home(String session, ActorRef<?> door) {
        return new SessionHome() {
            @Override
            public String id() {
                return session;
            }

            @Override
            public ActorRef<?> door() {
                return door;
            }

            @Override
            public void passivate() {
                if (door.equals(doors.get(session))) {
                    sharding.passivate(Node.this, session);
                }
            }

            @Override
            public void forward(SessionCommand command) {
                sharding.forward(Node.this, session, command);
            }

            @Override
            public void left() {
                residents--;
            }
        };
    }

    /** Closes a session's door, and does something when it is closed. */
    void close(String session, Runnable closed) {
        ActorRef<SessionCommand> door = doors.remove(session);
        if (door == null) {
            closed.run();
        } else {
            host.whenEnded(door, closed);
            Host.stop(door);
        }
    }

    /** Stops all that lives here. */
    void stop() {
        List.copyOf(doors.keySet()).forEach(session -> close(session, () -> {}));
        Host.stop(replica);
    }
}
