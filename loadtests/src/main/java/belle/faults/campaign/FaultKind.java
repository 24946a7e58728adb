package belle.faults.campaign;

/** What can be done to a process. */
enum FaultKind {
    KILL("kill -9, then started again", true, true),
    CRASH("a crash in native code, then started again", true, false),
    TERM("SIGTERM, then started again", true, true),
    DRAIN("drained through the management endpoint, then started again", true, false),
    PAUSE("stopped for less than a second", true, true),
    FREEZE("stopped until the others have put it out, then continued; started again when it has ended", true, false),
    HANG("a step that never comes back; started again when it has ended", true, false),
    BLIP("cut off from everybody for a second", true, true),
    CUT("cut off from everybody until the others have put it out; started again when it has ended", true, false),
    DEAF("cut off from the nodes, but not from its clients, for two seconds", false, true);

    private final String description;
    private final boolean onNodes;
    private final boolean onGateways;

    FaultKind(String description, boolean onNodes, boolean onGateways) {
        this.description = description;
        this.onNodes = onNodes;
        this.onGateways = onGateways;
    }

    String description() {
        return description;
    }

    boolean hits(boolean gateway) {
        return gateway ? onGateways : onNodes;
    }

    boolean needsNamespaces() {
        return this == BLIP || this == CUT || this == DEAF;
    }

    /** How often it is drawn: what is over soon, more often. */
    int weight() {
        return switch (this) {
            case PAUSE, BLIP, DEAF -> 4;
            case KILL, TERM, DRAIN -> 3;
            case CRASH -> 2;
            case FREEZE, HANG, CUT -> 1;
        };
    }
}
