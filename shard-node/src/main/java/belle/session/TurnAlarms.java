package belle.session;

import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * A turn's alarms as messages to its session.
 *
 * @param ringing the message of each alarm, equal for equal alarms of one stream
 * @param awaiting has the turn told how something went
 */
record TurnAlarms<M>(
        TimerScheduler<M> timers, Function<Alarms.Alarm, M> ringing, Consumer<CompletionStage<Done>> awaiting)
        implements Alarms {
    @Override
    public void set(Alarm alarm, Duration delay) {
        timers.startSingleTimer(ringing.apply(alarm), ringing.apply(alarm), delay);
    }

    @Override
    public void clear(Alarm alarm) {
        timers.cancel(ringing.apply(alarm));
    }

    @Override
    public void await(CompletionStage<Done> writing) {
        awaiting.accept(writing);
    }
}
