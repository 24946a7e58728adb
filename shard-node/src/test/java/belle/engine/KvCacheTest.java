package belle.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import belle.proto.Tokens;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class KvCacheTest {
    private static final int BLOCK = 2;

    private final KvCache cache = new KvCache(4, BLOCK);

    static LongStream seeds() {
        Long one = Long.getLong("seed");
        return one != null ? LongStream.of(one) : LongStream.range(0, 300);
    }

    @Test
    void findsThePrefixThatAnotherSequenceLeft() {
        cache.release(filled(0, 1, 0, 1, 1));
        assertThat(cache.freeBlocks()).isEqualTo(2);
        assertThat(cache.cachedBlocks()).isEqualTo(2);

        var table = new BlockTable();
        assertThat(cache.reuse(table, history(0, 1, 0, 1, 0), 0, 4)).isEqualTo(4);
        assertThat(table.size()).isEqualTo(2);
        assertThat(cache.leasedBlocks()).isEqualTo(2);
        assertThat(cache.cachedBlocks()).isZero();
        assertThat(cache.reuse(new BlockTable(), history(1, 1, 0, 1), 0, 4)).isZero();
        cache.checkIntegrity();
    }

    @Test
    void neverReusesWhatMustBeComputed() {
        cache.release(filled(0, 1, 0, 1));
        assertThat(cache.reuse(new BlockTable(), history(0, 1, 0, 1), 0, 3)).isEqualTo(2);
    }

    @Test
    void findsTheHalfBlockThatAnotherSequenceLeft() {
        leave(3, 0, 1, 2, 9); // the last one was drawn and never fed
        assertThat(cache.freeBlocks()).isEqualTo(2);
        assertThat(cache.cachedBlocks()).isEqualTo(2);
        var table = new BlockTable();
        History follower = history(0, 1, 2, 3, 4);
        assertThat(cache.reuse(table, follower, 0, 4)).isEqualTo(2);
        int half = cache.beginning(table, follower, 2, 4).block();
        assertThat(cache.beginning(table, follower, 2, 4)).isEqualTo(new KvCache.Beginning(half, 1));
        assertThat(cache.lease(table, 2)).isTrue();
        assertThat(table.get(1)).isNotEqualTo(half);
        assertThat(cache.beginning(table, history(0, 1, 9, 3, 4), 2, 4).tokens())
                .isZero();
        assertThat(cache.beginning(table, follower, 2, 2).tokens()).isZero();
        assertThat(cache.beginning(table, follower, 3, 4).tokens()).isZero();
        cache.checkIntegrity();
    }

    @Test
    void aBlockThatDiffersAtItsEndIsABeginning() {
        cache.release(filled(5, 6));
        assertThat(cache.beginning(new BlockTable(), history(5, 7, 8), 0, 2).tokens())
                .isEqualTo(1);
    }

    @Test
    void theBeginningWithTheMostInCommonIsTaken() {
        var wide = new KvCache(8, 4);
        for (int[] ids : new int[][] {{1, 2}, {1, 2, 3}, {1}, {1, 2, 4, 4}}) {
            var table = new BlockTable();
            assertThat(wide.lease(table, 1)).isTrue();
            wide.publish(table, history(ids), 0, ids.length);
            wide.release(table, history(ids), ids.length);
        }
        assertThat(wide.cachedBlocks()).isEqualTo(3); // {1} is the beginning of another one already
        assertThat(wide.beginning(new BlockTable(), history(1, 2, 3, 4, 5), 0, 4)
                        .tokens())
                .isEqualTo(3);
        wide.checkIntegrity();
    }

    @Test
    void theSameTokensBehindAnotherPrefixAreAnotherBlock() {
        cache.release(filled(0, 0, 1, 1));
        assertThat(cache.reuse(new BlockTable(), history(1, 1, 1, 1), 0, 4)).isZero();
        assertThat(cache.reuse(new BlockTable(), history(0, 0, 0, 0), 0, 4)).isEqualTo(2);
    }

    @Test
    void sequencesThatComputeTheSameTokensEndWithOneBlock() {
        BlockTable one = filled(0, 1);
        BlockTable other = filled(0, 1);
        assertThat(other.get(0)).isEqualTo(one.get(0));
        assertThat(cache.leasedBlocks()).isEqualTo(1);
        assertThat(cache.references()).isEqualTo(2);
        cache.release(one);
        assertThat(cache.leasedBlocks()).isEqualTo(1);
        cache.checkIntegrity();
    }

    @Test
    void evictsTheEndOfTheOldestPrefixFirst() {
        cache.release(filled(0, 0, 0, 1));
        cache.release(filled(1, 1));
        assertThat(cache.lease(new BlockTable(), 2)).isTrue();
        assertThat(cache.reuse(new BlockTable(), history(0, 0, 0, 1), 0, 4)).isEqualTo(2);
        assertThat(cache.reuse(new BlockTable(), history(1, 1), 0, 2)).isEqualTo(2);
        assertThat(cache.lease(new BlockTable(), 1)).isFalse();
        cache.checkIntegrity();
    }

    @Test
    void usingAPrefixAgainKeepsIt() {
        cache.release(filled(0, 0));
        cache.release(filled(1, 1));
        var table = new BlockTable();
        cache.reuse(table, history(0, 0), 0, 2);
        cache.release(table);
        assertThat(cache.lease(new BlockTable(), 3)).isTrue();
        assertThat(cache.reuse(new BlockTable(), history(0, 0), 0, 2)).isEqualTo(2);
    }

    @Test
    void leasesAllOrNothing() {
        var table = new BlockTable();
        assertThat(cache.lease(table, 5)).isFalse();
        assertThat(table.size()).isZero();
        assertThat(cache.freeBlocks()).isEqualTo(4);
    }

    @Test
    void refusesToWriteASharedBlock() {
        BlockTable table = filled(0, 1);
        assertThat(cache.lease(table, 1)).isTrue();
        cache.checkWritable(table, 2, 4);
        assertThatIllegalStateException()
                .isThrownBy(() -> cache.checkWritable(table, 1, 4))
                .withMessageContaining("shared");
    }

    @Test
    void keepsFullBlocksWhenLeasesAreTakenBack() {
        filled(0, 1, 0, 1);
        assertThat(cache.lease(new BlockTable(), 1)).isTrue();
        long before = cache.loans();
        cache.reclaim();
        assertThat(cache.loans()).isGreaterThan(before);
        assertThat(cache.leasedBlocks()).isZero();
        assertThat(cache.cachedBlocks()).isEqualTo(2);
        assertThat(cache.reuse(new BlockTable(), history(0, 1, 0, 1), 0, 4)).isEqualTo(4);
        assertThat(cache.lease(new BlockTable(), 2)).isTrue();
        cache.checkIntegrity();
    }

    @ParameterizedTest(name = "-Dseed={0}")
    @MethodSource("seeds")
    void theBooksStayRightAndEveryBlockHoldsItsPrefix(long seed) {
        var random = new SplittableRandom(seed);
        int block = 1 + random.nextInt(3);
        var pool = new KvCache(1 + random.nextInt(12), block);
        Tokens[] contents = new Tokens[pool.blocks()]; // the whole prefix that a block was written behind
        List<Held> holders = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            if (!holders.isEmpty() && random.nextBoolean()) {
                Held held = holders.remove(random.nextInt(holders.size()));
                pool.release(held.table, held.history, held.history.size());
            } else {
                var history = new History(
                        Tokens.of(random.ints(1 + random.nextInt(12), 0, 2).toArray()));
                var table = new BlockTable();
                int computed = pool.reuse(table, history, 0, history.size() - 1);
                for (int at = 0; at < computed; at += block) {
                    assertThat(contents[table.get(at / block)]).isEqualTo(history.slice(0, at + block));
                }
                KvCache.Beginning beginning = pool.beginning(table, history, computed, history.size() - 1);
                if (beginning.tokens() > 0) {
                    Tokens known = contents[beginning.block()];
                    int to = computed + beginning.tokens();
                    assertThat(new History(known).slice(0, to)).isEqualTo(history.slice(0, to));
                }
                if (pool.lease(table, pool.blocksFor(history.size()) - table.size())) {
                    for (int at = computed; at < history.size(); at += block) {
                        contents[table.get(at / block)] = history.slice(0, Math.min(history.size(), at + block));
                    }
                    pool.checkWritable(table, computed, history.size());
                    pool.publish(table, history, computed, history.size());
                    holders.add(new Held(table, history));
                } else {
                    pool.release(table);
                }
            }
            pool.checkIntegrity();
            assertThat(pool.references())
                    .isEqualTo(
                            holders.stream().mapToInt(held -> held.table.size()).sum());
        }
    }

    private record Held(BlockTable table, History history) {}

    /** Leaves a sequence of these ids of which {@code computed} are in its blocks. */
    private void leave(int computed, int... ids) {
        var table = new BlockTable();
        assertThat(cache.lease(table, cache.blocksFor(ids.length))).isTrue();
        cache.publish(table, history(ids), 0, computed);
        cache.release(table, history(ids), computed);
    }

    private BlockTable filled(int... ids) {
        var table = new BlockTable();
        assertThat(cache.lease(table, cache.blocksFor(ids.length))).isTrue();
        cache.publish(table, history(ids), 0, ids.length);
        return table;
    }

    private static History history(int... ids) {
        return new History(Tokens.of(ids));
    }
}
