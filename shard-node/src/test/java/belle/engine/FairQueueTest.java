package belle.engine;

import static org.assertj.core.api.Assertions.assertThat;

import belle.proto.Tokens;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FairQueueTest {
    private final FairQueue queue = new FairQueue();
    private int arrivals;

    @Test
    void aTenantWithManyRequestsWaitsForItsTurn() {
        for (int i = 0; i < 6; i++) {
            add("many");
        }
        add("few");
        add("few");
        assertThat(served(8, 10)).containsExactly("many", "few", "many", "few", "many", "many", "many", "many");
    }

    @Test
    void serviceIsCountedInTokens() {
        for (int i = 0; i < 3; i++) {
            add("long");
            add("short");
        }
        List<String> order = new ArrayList<>();
        for (Sequence next = queue.first(); next != null; next = queue.first()) {
            order.add(next.tenant);
            take(next, next.tenant.equals("long") ? 100 : 30);
        }
        assertThat(order).containsExactly("long", "short", "short", "short", "long", "long");
    }

    @Test
    void aNewcomerHasNoCreditForTheTimeBefore() {
        add("old");
        add("old");
        take(queue.first(), 1_000);
        add("new");
        assertThat(served(2, 1)).containsExactly("old", "new");
    }

    @Test
    void aPausedSequenceLosesItsTurnAndNotItsPlace() {
        Sequence paused = add("a");
        Sequence next = add("a");
        paused.paused = true;
        assertThat(queue.first()).isSameAs(next);
        paused.paused = false;
        assertThat(queue.first()).isSameAs(paused);
    }

    @Test
    void aTenantIsForgottenWithItsLastSequence() {
        Sequence only = add("a");
        take(only, 1_000);
        queue.leave(only);
        add("b");
        add("a");
        assertThat(served(2, 1)).containsExactly("b", "a");
    }

    private Sequence add(String tenant) {
        var sequence = new Sequence(new SequenceId("s" + arrivals, 0), tenant, arrivals++, Tokens.of(1), 1, false);
        queue.enter(sequence);
        queue.addLast(sequence);
        return sequence;
    }

    private void take(@Nullable Sequence next, int tokens) {
        assertThat(next).isNotNull();
        if (next != null) {
            queue.remove(next);
            queue.charge(next, tokens);
        }
    }

    private List<String> served(int count, int tokens) {
        List<String> order = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Sequence next = queue.first();
            order.add(next == null ? "none" : next.tenant);
            take(next, tokens);
        }
        return order;
    }
}
