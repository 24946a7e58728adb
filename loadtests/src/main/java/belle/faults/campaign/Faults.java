package belle.faults.campaign;

import belle.faults.cluster.Member;
import belle.faults.cluster.TestCluster;
import belle.faults.history.Entry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;

/** Draws what happens next, and to whom. */
final class Faults {
    /** One fault; to two members when it is to the way between them, to none when it is to the journal. */
    record Drawn(FaultKind kind, List<Member> members) {
        /** Tells whether nothing else may be disturbed meanwhile. */
        boolean alone() {
            return kind.takesVotes() || members.stream().anyMatch(Member::isGateway);
        }

        /** As a history has it: {@code node1}, {@code node1-node2}, {@code all} or {@code journal}. */
        String target() {
            if (kind.hitsEverybody()) {
                return Entry.Fault.EVERYBODY;
            }
            return kind.hitsJournal()
                    ? "journal"
                    : members.stream().map(Member::name).collect(Collectors.joining("-"));
        }
    }

    private final List<Drawn> urn = new ArrayList<>();
    private final Random random;

    /** @param kinds by their ids; all when there are none */
    Faults(List<String> kinds, TestCluster cluster, Random random) {
        this.random = random;
        List<String> known =
                Arrays.stream(FaultKind.values()).map(FaultKind::id).toList();
        if (!known.containsAll(kinds)) {
            throw new IllegalArgumentException("of the faults " + kinds + " not all are known; there are " + known);
        }
        for (FaultKind kind : FaultKind.values()) {
            if ((kinds.isEmpty() || kinds.contains(kind.id())) && kind.isPossible(cluster)) {
                if (kind.hitsEverybody() || kind.hitsJournal()) {
                    add(kind, kind.hitsJournal() ? List.of() : cluster.members());
                }
                cluster.members().stream()
                        .filter(member -> kind.hits(member.isGateway()))
                        .forEach(member -> add(kind, member, cluster.nodes()));
            }
        }
        if (urn.isEmpty()) {
            throw new IllegalArgumentException("none of the faults " + kinds + " can be inflicted here");
        }
    }

    private void add(FaultKind kind, Member member, List<Member> nodes) {
        List<Member> members = kind == FaultKind.PART
                ? List.of(member, nodes.get((nodes.indexOf(member) + 1) % nodes.size()))
                : List.of(member);
        add(kind, members);
    }

    private void add(FaultKind kind, List<Member> members) {
        for (int i = 0; i < kind.weight(); i++) {
            urn.add(new Drawn(kind, members));
        }
    }

    Drawn draw() {
        return urn.get(random.nextInt(urn.size()));
    }
}
