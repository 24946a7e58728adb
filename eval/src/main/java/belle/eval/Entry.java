package belle.eval;

/** What a run writes down of one item of a set. */
sealed interface Entry permits Reply, Judgement, AnswerScore {
    /** The item's number. */
    long item();

    /** Why there is nothing to write down, so that the next run asks again; empty if there is something. */
    String failure();
}
