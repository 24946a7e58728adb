package belle.faults.campaign;

import belle.faults.cluster.TestCluster;
import java.util.Locale;

/** What can be done to a process. A kind that this machine does not permit is not drawn. */
enum FaultKind {
    KILL("kill -9, then started again", Hits.ALL, 3, Needs.NOTHING),
    CRASH("a crash in native code, then started again", Hits.NODES, 2, Needs.NOTHING),
    TERM("SIGTERM, then started again", Hits.ALL, 2, Needs.NOTHING),
    DRAIN("drained through the management endpoint, then started again", Hits.ALL, 2, Needs.NOTHING),
    DRAIN_KILL("kill -9 in the middle of a drain, then started again", Hits.NODES, 2, Needs.NOTHING),
    PAUSE("stopped for less than a second", Hits.ALL, 4, Needs.NOTHING),
    FREEZE("stopped until the others have put it out, then continued", Hits.ALL, 1, Needs.NOTHING),
    HANG("a step that never comes back; started again when it has ended", Hits.NODES, 1, Needs.NOTHING),
    BLIP("cut off from everybody for a second", Hits.ALL, 4, Needs.CABLES),
    CUT("cut off from everybody until the others have put it out", Hits.ALL, 1, Needs.CABLES),
    DEAF("a gateway cut off from the nodes, but not from its clients, for a second", Hits.GATEWAYS, 4, Needs.CABLES),
    PART("two nodes cut off from each other for a second", Hits.NODES, 4, Needs.CABLES),
    SLOW("a network that holds up and loses packets for some seconds", Hits.ALL, 4, Needs.SLOW_CABLES),
    JUMP("the time of day an hour ahead or behind for some seconds", Hits.ALL, 3, Needs.CLOCKS);

    /** Whom it is done to. */
    private enum Hits {
        ALL,
        NODES,
        GATEWAYS
    }

    /** What must be possible. */
    private enum Needs {
        NOTHING,
        CABLES,
        SLOW_CABLES,
        CLOCKS
    }

    private final String description;
    private final Hits hits;
    private final int weight;
    private final Needs needs;

    FaultKind(String description, Hits hits, int weight, Needs needs) {
        this.description = description;
        this.hits = hits;
        this.weight = weight;
        this.needs = needs;
    }

    /** Returns its name on the command line and in reports. */
    String id() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    String description() {
        return description;
    }

    boolean hits(boolean gateway) {
        return hits == Hits.ALL || (hits == Hits.GATEWAYS) == gateway;
    }

    boolean isPossible(TestCluster cluster) {
        return switch (needs) {
            case NOTHING -> true;
            case CABLES -> cluster.network().canCut();
            case SLOW_CABLES -> cluster.network().canSlow();
            case CLOCKS -> cluster.canSetClocks();
        };
    }

    /** How often it is drawn: what is over soon, more often. */
    int weight() {
        return weight;
    }

    /** Tells whether the others decide meanwhile whether to put the process out, and must be able to. */
    boolean takesVotes() {
        return this == FREEZE || this == CUT || this == PART;
    }

    /** Tells whether the process is meant to end of it. */
    boolean ends() {
        return switch (this) {
            case KILL, CRASH, TERM, DRAIN, DRAIN_KILL, HANG -> true;
            case PAUSE, FREEZE, BLIP, CUT, DEAF, PART, SLOW, JUMP -> false;
        };
    }
}
