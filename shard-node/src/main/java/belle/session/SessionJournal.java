package belle.session;

import belle.proto.FailureException;
import belle.proto.session.TurnView;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;

/**
 * Where turns are written down, so that they outlast the processes that compute them. What is asked of it is done in the
 * order in which it was asked. Stages fail with {@link FailureException}; {@link belle.proto.Failure.Unavailable} when the
 * journal cannot be reached. Thread-safe.
 */
public interface SessionJournal {
    /** Writes a request that is about to be accepted. Fails when the stream is there already. */
    CompletionStage<Done> begin(TurnRow row);

    /**
     * Takes over an unfinished turn in a higher epoch; from now on nothing is written of it in lower ones. Fails when
     * {@code row} is no longer what the journal has: another session was faster.
     */
    CompletionStage<Done> claim(TurnRow row, long epoch);

    /** Writes the whole log of a turn that has ended. Tried for a while, then given up: the turn can be computed again. */
    void finish(String stream, long epoch, long endedMillis, TurnLog log);

    /** Removes what {@link #begin} wrote of a request that was refused after all. */
    void withdraw(String stream, long epoch);

    /** Returns what is written of a stream. */
    CompletionStage<Optional<TurnRow>> find(String stream);

    /** Returns the turns of a session, of all tenants if {@code tenant} is empty. */
    CompletionStage<List<TurnView>> turns(String session, Optional<String> tenant);

    /** Removes the turns of a session and returns their number; no trace of them is left. */
    CompletionStage<Integer> delete(String session, Optional<String> tenant);
}
