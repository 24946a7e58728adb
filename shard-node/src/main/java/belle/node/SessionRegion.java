package belle.node;

import belle.proto.session.SessionCommand;
import belle.session.ServedModels;
import belle.session.SessionActor;
import belle.session.SessionConfig;
import belle.session.SessionDoor;
import belle.session.SessionHome;
import belle.session.SessionJournal;
import java.util.Optional;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.sharding.typed.ClusterShardingSettings;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityContext;

/** The shard region in which this node hosts sessions. */
final class SessionRegion {
    private SessionRegion() {}

    /**
     * Opens the region, which only members with the role of a node host; sessions compute with
     * {@code models}, as they are then. It is left when the system shuts down, as soon as the readers of all sessions have found them elsewhere.
     */
    static void open(
            ActorSystem<?> system, SessionConfig config, ServedModels models, Optional<SessionJournal> journal) {
        ClusterSharding sharding = ClusterSharding.get(system);
        Residents residents = new Residents();
        sharding.init(Entity.of(
                        SessionCommand.TYPE,
                        entity -> SessionDoor.create(door -> {
                            residents.enter();
                            return SessionActor.create(config, models, home(system, entity, door, residents), journal);
                        }))
                .withRole(Node.ROLE)
                // A session knows best when it is idle: a turn may run long without a message through the shard.
                .withSettings(ClusterShardingSettings.create(system).withNoPassivationStrategy()));
        CoordinatedShutdown.get(system)
                .addTask(
                        CoordinatedShutdown.PhaseClusterShardingShutdownRegion(),
                        "belle-sessions-have-moved",
                        residents::allLeft);
    }

    private static SessionHome home(
            ActorSystem<?> system, EntityContext<SessionCommand> entity, ActorRef<?> door, Residents residents) {
        return new SessionHome() {
            @Override
            public String id() {
                return entity.getEntityId();
            }

            @Override
            public ActorRef<?> door() {
                return door;
            }

            @Override
            public void passivate() {
                entity.getShard().tell(new ClusterSharding.Passivate<>(door));
            }

            @Override
            public void forward(SessionCommand command) {
                boolean ending =
                        CoordinatedShutdown.get(system).getShutdownReason().isPresent();
                // Where there is no other node, what is forwarded would only hold the region's end up.
                if (!ending || OtherNodes.areUp(system)) {
                    ClusterSharding.get(system)
                            .entityRefFor(SessionCommand.TYPE, entity.getEntityId())
                            .tell(command);
                }
            }

            @Override
            public void left() {
                residents.leave();
            }
        };
    }
}
