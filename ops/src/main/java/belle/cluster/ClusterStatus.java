package belle.cluster;

import belle.proto.node.NodeQuery.NodeStatus;
import java.util.List;
import java.util.Optional;

/**
 * The cluster as one member sees it.
 *
 * @param self the member that was asked
 * @param leader the member that decides who joins and leaves; empty while there is none
 * @param members oldest first
 */
public record ClusterStatus(String self, String leader, List<Member> members) {
    public ClusterStatus {
        members = List.copyOf(members);
    }

    /**
     * One process.
     *
     * @param status joining, up, leaving, exiting or down
     * @param version of the program
     * @param shards groups of sessions that it hosts; empty when nobody could say
     * @param sessions conversations in its memory
     * @param node how its node is; empty for a gateway, and for a node that did not answer
     */
    public record Member(
            String address,
            List<String> roles,
            String status,
            boolean reachable,
            String version,
            Optional<Integer> shards,
            Optional<Integer> sessions,
            Optional<NodeStatus> node) {
        public Member {
            roles = List.copyOf(roles);
        }
    }
}
