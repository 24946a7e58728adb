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
        List<BlockTable> tables = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            if (!tables.isEmpty() && random.nextBoolean()) {
                pool.release(tables.remove(random.nextInt(tables.size())));
            } else {
                var history = new History(
                        Tokens.of(random.ints(1 + random.nextInt(12), 0, 2).toArray()));
                var table = new BlockTable();
                int computed = pool.reuse(table, history, 0, history.size() - 1);
                for (int at = 0; at < computed; at += block) {
                    assertThat(contents[table.get(at / block)]).isEqualTo(history.slice(0, at + block));
                }
                if (pool.lease(table, pool.blocksFor(history.size()) - table.size())) {
                    for (int at = computed; at < history.size(); at += block) {
                        contents[table.get(at / block)] = history.slice(0, Math.min(history.size(), at + block));
                    }
                    pool.checkWritable(table, computed, history.size());
                    pool.publish(table, history, computed, history.size());
                    tables.add(table);
                } else {
                    pool.release(table);
                }
            }
            pool.checkIntegrity();
            assertThat(pool.references())
                    .isEqualTo(tables.stream().mapToInt(BlockTable::size).sum());
        }
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
