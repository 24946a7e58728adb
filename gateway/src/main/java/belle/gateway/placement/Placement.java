package belle.gateway.placement;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Chooses the node of a new conversation. Pure.
 *
 * <p>Conversations that begin alike gather on one node, whose cache has their beginning, until that node has more than
 * its share; the next ones then gather on a second node, and so on (rendezvous hashing; bounded loads as in Mirrokni,
 * Thorup, Zadimoghaddam, "Consistent Hashing with Bounded Loads", 2016). All gateways choose alike.
 */
public final class Placement {
    private Placement() {}

    /**
     * Returns the node, or empty when there is none.
     *
     * @param beginning what the conversation has in common with others; empty when there is no such thing, and the node
     *     with the least to do is the best one
     * @param conversation its own name
     * @param loads streams of every node
     * @param bound a node takes a conversation for its beginning while it has at most this many times the mean load
     */
    public static Optional<String> choose(
            Optional<String> beginning, String conversation, Map<String, Integer> loads, double bound) {
        int all = loads.values().stream().mapToInt(Integer::intValue).sum();
        double share = bound * (all + 1) / Math.max(1, loads.size());
        String key = beginning.orElse(conversation);
        List<Map.Entry<String, Integer>> inOrder = loads.entrySet().stream()
                .sorted(Comparator.comparingLong((Map.Entry<String, Integer> node) -> score(node.getKey(), key))
                        .thenComparing(Map.Entry::getKey))
                .toList();
        Optional<Map.Entry<String, Integer>> emptiest = inOrder.stream().min(Map.Entry.comparingByValue());
        return (beginning.isEmpty()
                        ? emptiest
                        : inOrder.stream()
                                .filter(node -> node.getValue() + 1 <= Math.ceil(share))
                                .findFirst()
                                .or(() -> emptiest))
                .map(Map.Entry::getKey);
    }

    /** A number that is the same everywhere and has nothing to do with that of another node or key (FNV-1a, mixed). */
    private static long score(String node, String key) {
        long hash = 0xcbf29ce484222325L;
        String text = node + "\0" + key;
        for (int i = 0; i < text.length(); i++) {
            hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
        }
        hash = (hash ^ (hash >>> 32)) * 0xd6e8feb86659fd93L;
        return hash ^ (hash >>> 32);
    }
}
