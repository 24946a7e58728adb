package belle.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Random days of an engine with few blocks. A failure is repeated with {@code -Dseed=…}. */
class SchedulerSimulationTest {
    private static final int SEEDS = 300;

    static LongStream seeds() {
        Long one = Long.getLong("seed");
        return one != null ? LongStream.of(one) : LongStream.range(0, SEEDS);
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
