package belle.session;

import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;

/** What one turn waits for: sets and clears its alarms. */
interface Alarms {
    /** The alarms of a turn. */
    enum Alarm {
        READER_STALLED,
        GRACE_IS_OVER,
        NEWCOMER_STAYS,
        RETENTION_IS_OVER
    }

    /** Sets an alarm; setting one again moves it. */
    void set(Alarm alarm, Duration delay);

    void clear(Alarm alarm);

    /** Has {@link LiveTurn#onWritten} told how {@code writing} went. */
    void await(CompletionStage<Done> writing);
}
