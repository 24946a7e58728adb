package belle.node;

import java.util.List;
import java.util.stream.StreamSupport;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;

/** The cluster's nodes beside this one. */
final class OtherNodes {
    private OtherNodes() {}

    /** Tells whether there is one that sessions of this node can go on at. */
    static boolean areUp(ActorSystem<?> system) {
        return of(system).stream().anyMatch(member -> member.status().equals(MemberStatus.up()));
    }

    /** Returns all, also those that come or go. */
    static List<Member> of(ActorSystem<?> system) {
        Cluster cluster = Cluster.get(system);
        return StreamSupport.stream(cluster.state().getMembers().spliterator(), false)
                .filter(member -> member.hasRole(Node.ROLE) && !member.equals(cluster.selfMember()))
                .toList();
    }
}
