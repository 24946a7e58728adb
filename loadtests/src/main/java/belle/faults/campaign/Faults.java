package belle.faults.campaign;

import belle.faults.cluster.Member;
import belle.faults.cluster.TestCluster;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/** Draws what happens next, and to whom. */
final class Faults {
    /** One fault. */
    record Drawn(FaultKind kind, Member member) {
        /** Tells whether nothing else may be disturbed meanwhile: who is put out decides with the others' help. */
        boolean alone() {
            return kind == FaultKind.FREEZE || kind == FaultKind.CUT;
        }
    }

    private final List<Drawn> urn = new ArrayList<>();
    private final Random random;

    /** @param kinds by name; all when there are none */
    Faults(List<String> kinds, TestCluster cluster, Random random) {
        this.random = random;
        for (FaultKind kind : FaultKind.values()) {
            boolean wanted = kinds.isEmpty() || kinds.contains(kind.name().toLowerCase(Locale.ROOT));
            if (wanted && (cluster.network().canCut() || !kind.needsNamespaces())) {
                for (Member member : cluster.members()) {
                    if (kind.hits(member.isGateway())) {
                        for (int i = 0; i < kind.weight(); i++) {
                            urn.add(new Drawn(kind, member));
                        }
                    }
                }
            }
        }
        if (urn.isEmpty()) {
            throw new IllegalArgumentException("none of the faults " + kinds + " can be inflicted here");
        }
    }

    Drawn draw() {
        return urn.get(random.nextInt(urn.size()));
    }
}
