package belle.engine;

import belle.proto.Check;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * New sequences, in the order of arrival within a tenant and least-served tenant first.
 *
 * <p>A tenant's service is the number of tokens computed for it. One that comes (back) begins at the least service of
 * those present, so that nobody saves up credit while idle: the virtual token counter of Sheng et al., "Fairness in
 * Serving Large Language Models" (OSDI 2024), algorithm 2, with every fed token weighing 1. Debts are forgotten when a
 * tenant's last sequence ends, so the table is never larger than the number of live sequences.
 */
final class FairQueue {
    private static final class Tenant {
        final ArrayDeque<Sequence> waiting = new ArrayDeque<>();
        long servedTokens;
        int live;
    }

    private final Map<String, Tenant> tenants = new LinkedHashMap<>();

    /** Counts a new sequence as one of its tenant's, without queueing it. */
    void enter(Sequence sequence) {
        Tenant tenant = tenants.get(sequence.tenant);
        if (tenant == null) {
            tenant = new Tenant();
            tenant.servedTokens = leastServed();
            tenants.put(sequence.tenant, tenant);
        }
        tenant.live++;
    }

    void addLast(Sequence sequence) {
        tenant(sequence).waiting.addLast(sequence);
    }

    /** Queues a sequence before all others of its tenant. */
    void addFirst(Sequence sequence) {
        tenant(sequence).waiting.addFirst(sequence);
    }

    /** Returns whose turn it is, leaving it in the queue; paused sequences lose their turn. O(tenants). */
    @Nullable Sequence first() {
        Sequence best = null;
        long least = 0;
        for (Tenant tenant : tenants.values()) {
            Sequence head = firstRunnable(tenant);
            if (head != null
                    && (best == null
                            || tenant.servedTokens < least
                            || (tenant.servedTokens == least && head.arrival < best.arrival))) {
                best = head;
                least = tenant.servedTokens;
            }
        }
        return best;
    }

    /** Takes a sequence out, if it waits here. */
    void remove(Sequence sequence) {
        tenant(sequence).waiting.remove(sequence);
    }

    /** Notes that a sequence, which no longer waits, has ended. */
    void leave(Sequence sequence) {
        Tenant tenant = tenant(sequence);
        if (--tenant.live == 0) {
            Check.that(tenant.waiting.isEmpty(), "tenant %s has left, but its sequences wait", sequence.tenant);
            tenants.remove(sequence.tenant);
        }
    }

    /** Counts computed tokens for the sequence's tenant. */
    void charge(Sequence sequence, int tokens) {
        tenant(sequence).servedTokens += tokens;
    }

    private Tenant tenant(Sequence sequence) {
        Tenant tenant = tenants.get(sequence.tenant);
        if (tenant == null) {
            throw new IllegalStateException("tenant " + sequence.tenant + " of " + sequence.id + " has left");
        }
        return tenant;
    }

    private long leastServed() {
        return tenants.values().stream()
                .mapToLong(tenant -> tenant.servedTokens)
                .min()
                .orElse(0);
    }

    private static @Nullable Sequence firstRunnable(Tenant tenant) {
        for (Sequence sequence : tenant.waiting) {
            if (!sequence.paused) {
                return sequence;
            }
        }
        return null;
    }
}
