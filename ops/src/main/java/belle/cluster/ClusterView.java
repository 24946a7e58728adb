package belle.cluster;

import belle.proto.node.NodeLookup;
import belle.proto.node.NodeQuery;
import belle.proto.node.NodeQuery.NodeStatus;
import belle.proto.node.ShardLookup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.StreamSupport;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.ClusterEvent.CurrentClusterState;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Leave;

/** Looks at the cluster from one member, and has members leave it. */
final class ClusterView {
    private static final String NODE = "node";
    private static final Duration LIMIT = Duration.ofSeconds(2);

    private final ActorSystem<?> system;

    ClusterView(ActorSystem<?> system) {
        this.system = system;
    }

    /** Collects what the members say; what one does not say in time is left out. */
    CompletionStage<ClusterStatus> collect() {
        CurrentClusterState state = Cluster.get(system).state();
        List<Member> members = new ArrayList<>();
        state.getMembers().forEach(members::add);
        members.sort((a, b) -> a.isOlderThan(b) ? -1 : b.isOlderThan(a) ? 1 : 0);
        var shards = ShardLookup.shards(system, LIMIT).toCompletableFuture();
        Map<Address, CompletableFuture<Optional<NodeStatus>>> nodes = new HashMap<>();
        members.stream()
                .filter(member -> member.hasRole(NODE))
                .forEach(member -> nodes.put(member.address(), node(member.address())));
        return CompletableFuture.allOf(nodes.values().toArray(CompletableFuture<?>[]::new))
                .thenCombine(
                        shards,
                        (_, sessionsOfShards) -> new ClusterStatus(
                                hostPort(Cluster.get(system).selfMember().address()),
                                Optional.ofNullable(state.getLeader())
                                        .map(NodeLookup::hostPort)
                                        .orElse(""),
                                members.stream()
                                        .map(member -> member(member, state, sessionsOfShards.orElse(Map.of()), nodes))
                                        .toList()));
    }

    /** How the node of this process is; empty when it has none, or one that still opens its bundles. */
    CompletionStage<Optional<NodeStatus>> self() {
        return node(Cluster.get(system).selfMember().address());
    }

    boolean hasNode() {
        return Cluster.get(system).selfMember().hasRole(NODE);
    }

    boolean isUp() {
        return Cluster.get(system).selfMember().status().equals(MemberStatus.up());
    }

    /** Has a member drain and leave; returns whether there is such a one, named as HOST:PORT. */
    boolean drain(String name) {
        Optional<Member> found = StreamSupport.stream(
                        Cluster.get(system).state().getMembers().spliterator(), false)
                .filter(member -> hostPort(member.address()).equals(name))
                .findFirst();
        found.ifPresent(member -> Cluster.get(system).manager().tell(Leave.create(member.address())));
        return found.isPresent();
    }

    private static ClusterStatus.Member member(
            Member member,
            CurrentClusterState state,
            Map<Address, Map<Integer, Integer>> shards,
            Map<Address, CompletableFuture<Optional<NodeStatus>>> nodes) {
        Optional<Map<Integer, Integer>> sessions = Optional.ofNullable(shards.get(member.address()));
        var node = nodes.get(member.address());
        return new ClusterStatus.Member(
                hostPort(member.address()),
                member.getRoles().stream()
                        .filter(role -> !role.startsWith("dc-"))
                        .sorted()
                        .toList(),
                member.status().toString().toLowerCase(Locale.ROOT),
                !state.getUnreachable().contains(member),
                member.appVersion().toString(),
                sessions.map(Map::size),
                sessions.map(each ->
                        each.values().stream().mapToInt(Integer::intValue).sum()),
                node == null ? Optional.empty() : node.join());
    }

    private CompletableFuture<Optional<NodeStatus>> node(Address member) {
        return NodeLookup.ask(system, member, NodeQuery.AskStatus::new, LIMIT)
                .handle((status, _) -> Optional.ofNullable(status))
                .toCompletableFuture();
    }

    private static String hostPort(Address address) {
        return NodeLookup.hostPort(address);
    }
}
