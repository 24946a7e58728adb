package belle.gateway.placement;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class SessionPlacesTest {
    private static final int SHARDS = 128;
    private static final Map<Integer, String> HOMES =
            IntStream.range(0, SHARDS).boxed().collect(Collectors.toMap(shard -> shard, shard -> "node" + shard % 3));
    private static final Map<String, Integer> IDLE = Map.of("node0", 0, "node1", 0, "node2", 0);

    private final SessionPlaces places = places(1000);

    private static SessionPlaces places(int remembered) {
        var places = new SessionPlaces(new PlacementConfig(1.25, remembered, Duration.ofSeconds(1)), SHARDS);
        places.update(HOMES, IDLE);
        return places;
    }

    private static String node(String session) {
        return HOMES.getOrDefault(Math.abs(session.hashCode() % SHARDS), "");
    }

    private Map<String, Long> spread(int conversations, Optional<String> beginning) {
        List<String> nodes = new ArrayList<>();
        for (int i = 0; i < conversations; i++) {
            String session = places.session("h-" + i, beginning);
            var _ = places.busy(session);
            nodes.add(node(session));
        }
        return nodes.stream().collect(Collectors.groupingBy(node -> node, Collectors.counting()));
    }

    @Test
    void conversationsWithNothingInCommonAreSpreadEvenly() {
        assertThat(spread(48, Optional.empty()).values()).containsExactly(16L, 16L, 16L);
    }

    @Test
    void conversationsThatBeginAlikeGatherUntilTheirNodeHasMoreThanItsShare() {
        Map<String, Long> few = spread(1, Optional.of("you are BELLE"));
        assertThat(few).hasSize(1);
        Map<String, Long> more = new HashMap<>(spread(59, Optional.of("you are BELLE")));
        few.forEach((node, count) -> more.merge(node, count, Long::sum));
        long most = more.values().stream().mapToLong(Long::longValue).max().orElseThrow();
        assertThat(most).isBetween(21L, 25L); // 1.25 times the mean of 20
        assertThat(few.keySet())
                .contains(more.entrySet().stream()
                        .max(Map.Entry.comparingByValue())
                        .orElseThrow()
                        .getKey());
    }

    @Test
    void aConversationStaysWhereItIs() {
        String session = places.session("h-1", Optional.empty());
        IntStream.range(0, 20).forEach(_ -> places.busy(session));
        assertThat(places.session("h-1", Optional.empty())).isEqualTo(session);
    }

    @Test
    void aConversationWhoseNodeIsGoneFindsAnother() {
        String session = places.session("h-1", Optional.empty());
        Map<String, Integer> left = new HashMap<>(IDLE);
        left.remove(node(session));
        places.update(HOMES, left);
        assertThat(left).containsKey(node(places.session("h-1", Optional.empty())));
    }

    @Test
    void allGatewaysChooseAlike() {
        SessionPlaces other = places(1000);
        for (int i = 0; i < 100; i++) {
            assertThat(other.session("h-" + i, Optional.of("p" + i)))
                    .isEqualTo(places.session("h-" + i, Optional.of("p" + i)));
        }
    }

    @Test
    void countsWhatOtherGatewaysSendButNotItsOwnTwice() {
        String session = places.session("h-1", Optional.empty());
        Runnable over = places.busy(session);
        places.update(HOMES, Map.of(node(session), 1, "node" + (node(session).equals("node0") ? 1 : 0), 1));
        over.run();
        assertThat(node(places.session("h-2", Optional.empty()))).isEqualTo(node(session));
    }

    @Test
    void remembersNoMoreThanItMay() {
        SessionPlaces forgetful = places(2);
        for (int i = 0; i < 10; i++) {
            var _ = forgetful.session("h-" + i, Optional.empty());
        }
        assertThat(forgetful.session("h-0", Optional.empty())).isNotEmpty();
    }

    @Test
    void oneNodeOrNoneLeavesNothingToChoose() {
        places.update(HOMES, Map.of("node0", 5));
        assertThat(places.session("h-1", Optional.empty())).isEqualTo("h-1");
        places.update(Map.of(), Map.of());
        assertThat(places.session("h-1", Optional.of("x"))).isEqualTo("h-1");
    }
}
