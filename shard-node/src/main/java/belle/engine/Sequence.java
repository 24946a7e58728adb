package belle.engine;

import belle.proto.Tokens;
import java.util.ArrayList;
import java.util.List;

/**
 * One choice as the {@link Scheduler} sees it: tokens to compute, and blocks for what has been computed.
 *
 * <p>{@code 0 <= computed < history.size()} while it lives: at least the last token is always to be fed, since its logits
 * draw the next one.
 */
final class Sequence {
    final SequenceId id;
    final String tenant;
    /** Age: a smaller number arrived earlier. */
    final long arrival;

    final int promptTokens;
    /** The most that its history can ever be: its prompt and all that may be drawn. */
    final int mostTokens;

    final History history;
    final BlockTable blocks = new BlockTable();
    /** Choices of the same prompt, which wait until this one has computed it. */
    final List<Sequence> followers = new ArrayList<>();

    /** Tokens whose keys and values are in the blocks. */
    int computed;
    /** Positions below have delivered their logits, or never had to. Those from here on must be computed for them. */
    int logitsFrom;
    /** The most that {@link #computed} ever was. */
    int reached;
    /** Tokens found in the prefix cache that this sequence had not computed before. */
    int reusedTokens;

    boolean paused;
    boolean ended;
    /** It stands among the scheduler's holders: its blocks cover its history. */
    boolean holding;
    /** It is part of the step in flight. */
    boolean inStep;

    Sequence(SequenceId id, String tenant, long arrival, Tokens prompt, int maxTokens, boolean wantsPromptLogits) {
        this.id = id;
        this.tenant = tenant;
        this.arrival = arrival;
        history = new History(prompt);
        promptTokens = prompt.size();
        mostTokens = promptTokens + maxTokens;
        logitsFrom = wantsPromptLogits ? 0 : promptTokens - 1;
    }

    /** Tokens to feed before the next one can be drawn. */
    int pending() {
        return history.size() - computed;
    }

    /** Rows of logits that the next {@code tokens} tokens have to deliver; they are the last ones of the chunk. */
    int logitRows(int tokens) {
        return Math.max(0, computed + tokens - Math.max(computed, logitsFrom));
    }

    /** Notes that {@code tokens} more were computed. */
    void advance(int tokens) {
        computed += tokens;
        reached = Math.max(reached, computed);
        logitsFrom = Math.max(logitsFrom, computed);
    }

    /** Notes that the last {@code tokens} of those computed were found in the cache. */
    void countReused(int tokens) {
        reusedTokens += Math.max(0, computed - Math.max(computed - tokens, reached));
        reached = Math.max(reached, computed);
    }
}
