package belle.faults.campaign;

import belle.faults.cluster.TestCluster;
import java.util.Locale;

/** What can be done to a process. A kind that this machine does not permit is not drawn. */
enum FaultKind {
    /** Kill -9, then started again. */
    KILL(Hits.ALL, 3, Needs.NOTHING),
    /** A crash in native code, then started again. */
    CRASH(Hits.NODES, 2, Needs.NOTHING),
    /** SIGTERM, then started again. */
    TERM(Hits.ALL, 2, Needs.NOTHING),
    /** Drained through the management endpoint, then started again. */
    DRAIN(Hits.ALL, 2, Needs.NOTHING),
    /** Kill -9 in the middle of a drain, then started again. */
    DRAIN_KILL(Hits.NODES, 2, Needs.NOTHING),
    /** Stopped for less than a second. */
    PAUSE(Hits.ALL, 4, Needs.NOTHING),
    /** Stopped until the others have put it out, then continued. */
    FREEZE(Hits.ALL, 1, Needs.NOTHING),
    /** A step that never comes back; started again when it has ended. */
    HANG(Hits.NODES, 1, Needs.NOTHING),
    /** Cut off from everybody for a second. */
    BLIP(Hits.ALL, 4, Needs.CABLES),
    /** Cut off from everybody until the others have put it out. */
    CUT(Hits.ALL, 1, Needs.CABLES),
    /** A gateway cut off from the nodes, but not from its clients, for a second. */
    DEAF(Hits.GATEWAYS, 4, Needs.CABLES),
    /** Two nodes cut off from each other for a second. */
    PART(Hits.NODES, 4, Needs.CABLES),
    /** A network that holds up and loses packets for some seconds. */
    SLOW(Hits.ALL, 4, Needs.SLOW_CABLES),
    /** The time of day an hour ahead or behind for some seconds. */
    JUMP(Hits.ALL, 3, Needs.CLOCKS),
    /** All processes at once, then started again: what was accepted is in the journal. */
    BLACKOUT(Hits.EVERYBODY, 5, Needs.JOURNAL),
    /** The journal's server ended, then started again. */
    AWAY(Hits.JOURNAL, 15, Needs.JOURNAL_SERVER),
    /** No room on the journal's disk for some seconds. */
    FULL(Hits.JOURNAL, 15, Needs.SMALL_DISK);

    /** Whom it is done to. */
    private enum Hits {
        ALL,
        NODES,
        GATEWAYS,
        EVERYBODY,
        JOURNAL
    }

    /** What must be possible. */
    private enum Needs {
        NOTHING,
        CABLES,
        SLOW_CABLES,
        CLOCKS,
        JOURNAL,
        JOURNAL_SERVER,
        SMALL_DISK
    }

    private final Hits hits;
    private final int weight;
    private final Needs needs;

    FaultKind(Hits hits, int weight, Needs needs) {
        this.hits = hits;
        this.weight = weight;
        this.needs = needs;
    }

    /** Returns its name on the command line and in reports. */
    String id() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    boolean hits(boolean gateway) {
        return hits == Hits.ALL || hits == (gateway ? Hits.GATEWAYS : Hits.NODES);
    }

    /** Tells whether it is done to all processes at once. */
    boolean hitsEverybody() {
        return hits == Hits.EVERYBODY;
    }

    /** Tells whether it is done to the journal, not to a process of the cluster. */
    boolean hitsJournal() {
        return hits == Hits.JOURNAL;
    }

    boolean isPossible(TestCluster cluster) {
        return switch (needs) {
            case NOTHING -> true;
            case CABLES -> cluster.network().canCut();
            case SLOW_CABLES -> cluster.network().canSlow();
            case CLOCKS -> cluster.canSetClocks();
            case JOURNAL -> cluster.store().isDurable();
            case JOURNAL_SERVER -> cluster.store().canInterrupt();
            case SMALL_DISK -> cluster.store().canFill();
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
            case KILL, CRASH, TERM, DRAIN, DRAIN_KILL, HANG, BLACKOUT -> true;
            case PAUSE, FREEZE, BLIP, CUT, DEAF, PART, SLOW, JUMP, AWAY, FULL -> false;
        };
    }
}
