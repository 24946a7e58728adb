package belle.cluster;

import belle.proto.Failure;
import belle.proto.FailureException;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.apache.pekko.cluster.typed.JoinSeedNodes;
import org.apache.pekko.management.cluster.bootstrap.ClusterBootstrap;

/** How a process becomes a member. */
public final class Membership {
    private Membership() {}

    /**
     * Begins to join; the cluster's own events tell when it is done. Where members are discovered, the management
     * endpoint must listen already.
     */
    public static void join(ActorSystem<?> system, ClusterConfig config) {
        switch (config.discovery()) {
            case SEEDS -> joinSeeds(system, seeds(system, config.seeds()));
            case DNS, KUBERNETES, CONFIG -> ClusterBootstrap.get(system).start();
        }
    }

    private static void joinSeeds(ActorSystem<?> system, List<Address> seeds) {
        Cluster cluster = Cluster.get(system);
        if (seeds.isEmpty()) {
            cluster.manager().tell(Join.create(cluster.selfMember().address()));
        } else {
            cluster.manager().tell(new JoinSeedNodes(seeds));
        }
    }

    /**
     * Returns the addresses of {@code host:port} texts.
     *
     * @throws FailureException naming the one that is not
     */
    static List<Address> seeds(ActorSystem<?> system, List<String> texts) {
        String protocol = Cluster.get(system).selfMember().address().protocol();
        List<Address> seeds = new ArrayList<>();
        for (String text : texts) {
            int colon = text.lastIndexOf(':');
            String port = text.substring(colon + 1);
            if (colon < 1 || !port.matches("\\d{1,5}")) {
                throw new FailureException(
                        new Failure.Invalid("seed", "a seed is written HOST:PORT, but this one is '" + text + "'"));
            }
            seeds.add(new Address(protocol, system.name(), text.substring(0, colon), Integer.parseInt(port)));
        }
        return seeds;
    }
}
