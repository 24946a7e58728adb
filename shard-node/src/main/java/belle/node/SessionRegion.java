package belle.node;

import belle.proto.session.SessionCommand;
import belle.session.ServedModel;
import belle.session.SessionActor;
import belle.session.SessionConfig;
import belle.session.SessionHome;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.sharding.typed.ClusterShardingSettings;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityContext;

/** The shard region in which this node hosts sessions. */
final class SessionRegion {
    private SessionRegion() {}

    /** Opens the region, which only members with the role of a node host; sessions compute on the replicas of {@code models}. */
    static void open(ActorSystem<?> system, SessionConfig config, Map<String, ServedModel> models) {
        ClusterSharding sharding = ClusterSharding.get(system);
        sharding.init(Entity.of(
                        SessionCommand.TYPE, entity -> SessionActor.create(config, models, home(sharding, entity)))
                .withRole(Node.ROLE)
                // A session knows best when it is idle: a turn may run long without a message through the shard.
                .withSettings(ClusterShardingSettings.create(system).withNoPassivationStrategy()));
    }

    private static SessionHome home(ClusterSharding sharding, EntityContext<SessionCommand> entity) {
        return new SessionHome() {
            @Override
            public void passivate(ActorRef<?> session) {
                entity.getShard().tell(new ClusterSharding.Passivate<>(session));
            }

            @Override
            public void forward(SessionCommand command) {
                sharding.entityRefFor(SessionCommand.TYPE, entity.getEntityId()).tell(command);
            }
        };
    }
}
