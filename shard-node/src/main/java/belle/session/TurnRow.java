package belle.session;

import belle.proto.session.TurnView;
import java.util.List;
import java.util.Optional;

/**
 * A turn as the journal has it.
 *
 * @param epoch under which it was taken up last; whoever takes it up again does so in a higher one
 * @param begunMillis when the request came
 * @param endedMillis when it was finished
 * @param log its events, when it is finished
 */
public record TurnRow(
        TurnRequest request, long epoch, long begunMillis, Optional<Long> endedMillis, Optional<TurnLog> log) {
    /** Room for the epochs in which one session computes a turn again without telling the journal. */
    private static final long STRIDE = 10_000;

    /** A turn that begins. */
    static TurnRow begun(TurnRequest request, long epoch, long nowMillis) {
        return new TurnRow(request, epoch, nowMillis, Optional.empty(), Optional.empty());
    }

    /** Returns an epoch that is higher than any in which the turn was computed, and at least {@code atLeast}. */
    long nextEpoch(long atLeast) {
        return Math.max(atLeast, (epoch / STRIDE + 1) * STRIDE);
    }

    /** Shows a turn that is not in memory. */
    public TurnView view() {
        return new TurnView(
                request.stream(),
                request.model(),
                log.isPresent() ? TurnView.State.FINISHED : TurnView.State.OPEN,
                log.flatMap(TurnLog::texts).orElse(List.of()),
                begunMillis,
                endedMillis);
    }
}
