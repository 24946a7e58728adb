package belle.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.function.Predicate;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Random days of an engine with few blocks. A failure is repeated with {@code -Dseed=…}. */
class SchedulerSimulationTest {
    private static final int SEEDS = 200;

    static LongStream seeds() {
        Long one = Long.getLong("seed");
        return one != null ? LongStream.of(one) : LongStream.range(0, SEEDS);
    }

    @Test
    void theDaysAreEventful() {
        var days = new ArrayList<SimulatedReplica>();
        for (long seed = 0; seed < 30; seed++) {
            days.add(new SimulatedReplica(seed));
        }
        days.forEach(SimulatedReplica::live);
        assertThat(days.stream().mapToLong(day -> day.load().preemptions()).sum())
                .isGreaterThan(20);
        assertThat(days.stream().mapToLong(day -> day.load().reusedTokens()).sum())
                .isGreaterThan(1_000);
        assertThat(days.stream().flatMap(day -> day.streams().values().stream()))
                .anyMatch(Transcript::done)
                .anyMatch(Predicate.not(Transcript::ended))
                .anyMatch(told -> told.ended() && !told.done());
    }

    @ParameterizedTest(name = "-Dseed={0}")
    @MethodSource("seeds")
    void everyStreamIsToldWhatItWouldBeToldAlone(long seed) {
        var replica = new SimulatedReplica(seed);
        replica.live();
        replica.streams().forEach((request, told) -> {
            if (told.done()) {
                assertThat(told.told())
                        .as("%s", request)
                        .isEqualTo(Alone.run(request).told());
            }
        });
    }
}
