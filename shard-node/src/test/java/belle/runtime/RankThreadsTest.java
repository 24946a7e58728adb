package belle.runtime;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RankThreadsTest {
    private final RankThreads threads = new RankThreads(4);

    /** What the ranks that have not failed wait for. */
    private final CountDownLatch told = new CountDownLatch(1);

    @AfterEach
    void close() {
        threads.close();
    }

    private void runWith(Runnable failing) {
        threads.run(
                rank -> {
                    if (rank == 2) {
                        failing.run();
                    }
                    wait(told);
                    throw new IllegalStateException("another rank failed");
                },
                told::countDown);
    }

    private static void wait(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void ranksThatWaitForOneAreToldThatItFailed() {
        var failure = new IllegalArgumentException("rank 2");
        assertThatThrownBy(() -> runWith(() -> {
                    throw failure;
                }))
                .isSameAs(failure);
    }

    @Test
    void ranksThatWaitForOneAreToldOfAnErrorToo() {
        var failure = new OutOfMemoryError("rank 2");
        assertThatThrownBy(() -> runWith(() -> {
                    throw failure;
                }))
                .isSameAs(failure);
    }
}
