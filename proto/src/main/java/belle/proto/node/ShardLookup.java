package belle.proto.node;

import belle.proto.session.SessionCommand;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.cluster.sharding.ClusterSharding;
import org.apache.pekko.cluster.sharding.ShardRegion.ClusterShardingStats;
import org.apache.pekko.cluster.sharding.ShardRegion.GetClusterShardingStats;
import org.apache.pekko.pattern.Patterns;
import org.jspecify.annotations.Nullable;
import scala.concurrent.duration.FiniteDuration;

/** Finds out where sessions live. */
public final class ShardLookup {
    /** What the regions need beyond the time in which each of them must answer. */
    private static final Duration WAY = Duration.ofMillis(500);

    private ShardLookup() {}

    /**
     * Asks the regions which shards they have, and how many sessions each shard. The stage never fails.
     *
     * @return by member and shard; empty when nobody can say within {@code limit}, or this process has no way to the shards
     *     yet
     */
    public static CompletionStage<Optional<Map<Address, Map<Integer, Integer>>>> shards(
            ActorSystem<?> system, Duration limit) {
        Optional<ActorRef> region = region(system);
        if (region.isEmpty()) {
            return CompletableFuture.completedStage(Optional.empty());
        }
        var question = new GetClusterShardingStats(FiniteDuration.create(limit.toMillis(), TimeUnit.MILLISECONDS));
        return Patterns.ask(region.get(), question, limit.plus(WAY)).handle((answer, _) -> shards(answer));
    }

    private static Optional<Map<Address, Map<Integer, Integer>>> shards(@Nullable Object answer) {
        if (!(answer instanceof ClusterShardingStats stats)) {
            return Optional.empty();
        }
        Map<Address, Map<Integer, Integer>> shards = new HashMap<>();
        stats.getRegions().forEach((member, region) -> {
            Map<Integer, Integer> sessions = new HashMap<>();
            region.getStats().forEach((shard, count) -> sessions.put(Integer.valueOf(shard), (Integer) count));
            shards.put(member, sessions);
        });
        return Optional.of(shards);
    }

    /** The region, or where no sessions are the way to it; there is none before the node serves. */
    private static Optional<ActorRef> region(ActorSystem<?> system) {
        try {
            return Optional.of(ClusterSharding.get(Adapter.toClassic(system)).shardRegion(SessionCommand.TYPE.name()));
        } catch (IllegalStateException e) {
            return Optional.empty();
        }
    }
}
