package belle.gateway.placement;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;

/**
 * Names sessions so that they live on the node that suits them: a session's name decides its shard, and where the shards
 * are is known. Thread-safe.
 *
 * <p>What is known here is a hint: a request that comes to an unexpected node is computed there, to the same tokens.
 */
public final class SessionPlaces {
    /** Names tried for one that lives on the wanted node. With n nodes about n are needed. */
    private static final int NAMES = 64;

    private final PlacementConfig config;
    private final int shards;
    private final LinkedHashMap<String, String> known;
    private final Map<String, Integer> own = new HashMap<>();
    private Map<Integer, String> homes = Map.of();
    private Map<String, Integer> others = Map.of();

    /** @param shards the cluster's number of shards */
    SessionPlaces(PlacementConfig config, int shards) {
        this.config = config;
        this.shards = shards;
        this.known = new LinkedHashMap<>(16, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<String, String> eldest) {
                return size() > config.remembered();
            }
        };
    }

    /** Begins to watch the nodes of a system's cluster. */
    public static SessionPlaces start(ActorSystem<?> system, PlacementConfig config) {
        var places =
                new SessionPlaces(config, system.settings().config().getInt("pekko.cluster.sharding.number-of-shards"));
        system.systemActorOf(
                PlacesActor.create(places, config.refreshInterval()), "belle-gateway-places", Props.empty());
        return places;
    }

    /**
     * Returns the session of a conversation: the one that it has, or one on the node that suits it best.
     *
     * @param conversation its name, the same for all its turns
     * @param beginning a hash of what it begins with, if others begin alike
     */
    public synchronized String session(String conversation, Optional<String> beginning) {
        if (others.size() < 2) {
            return conversation;
        }
        String session = known.get(conversation);
        if (session == null || !others.containsKey(node(session))) {
            session = Placement.choose(beginning, conversation, loads(), config.bound())
                    .flatMap(node -> on(node, conversation))
                    .orElse(conversation);
            known.put(conversation, session);
        }
        return session;
    }

    /** Counts a stream of a session, until what is returned is run. */
    public synchronized Runnable busy(String session) {
        String node = node(session);
        own.merge(node, 1, Integer::sum);
        return () -> {
            synchronized (this) {
                own.computeIfPresent(node, (_, streams) -> streams == 1 ? null : streams - 1);
            }
        };
    }

    /**
     * Learns how things are.
     *
     * @param newHomes the node of each shard that has one
     * @param streams all streams of each node that takes any
     */
    synchronized void update(Map<Integer, String> newHomes, Map<String, Integer> streams) {
        homes = Map.copyOf(newHomes);
        Map<String, Integer> rest = new HashMap<>();
        streams.forEach((node, count) -> rest.put(node, Math.max(0, count - own.getOrDefault(node, 0))));
        others = rest;
    }

    private Map<String, Integer> loads() {
        Map<String, Integer> loads = new HashMap<>();
        others.forEach((node, streams) -> loads.put(node, streams + own.getOrDefault(node, 0)));
        return loads;
    }

    private Optional<String> on(String node, String conversation) {
        for (int i = 0; i < NAMES; i++) {
            String name = i == 0 ? conversation : conversation + "." + i;
            if (node.equals(node(name))) {
                return Optional.of(name);
            }
        }
        return Optional.empty();
    }

    /** The node that holds a session, as far as known; "" where it is not. The shard is Pekko's HashCodeMessageExtractor's. */
    private String node(String session) {
        return homes.getOrDefault(Math.abs(session.hashCode() % shards), "");
    }
}
