package belle.node;

import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;

/** The cluster's nodes beside this one. */
final class OtherNodes {
    private OtherNodes() {}

    /** Tells whether there is one that sessions of this node can go on at. */
    static boolean areUp(ActorSystem<?> system) {
        Cluster cluster = Cluster.get(system);
        for (Member member : cluster.state().getMembers()) {
            boolean up = member.status().equals(MemberStatus.up());
            if (up && member.hasRole(Node.ROLE) && !member.equals(cluster.selfMember())) {
                return true;
            }
        }
        return false;
    }
}
