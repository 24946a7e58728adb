package belle.faults.simulation;

import belle.proto.session.SessionCommand;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Finds sessions by name, as cluster sharding does: each has one home, and while it has none what it is told waits. */
final class Region implements Node.Sharding {
    private static final long MOST_HANDOVER_MICROS = 500 * SimulatedTime.MILLIS;

    private static final long HANDOFF_MICROS = 5 * SimulatedTime.SECOND_IN_MICROS;

    private record Letter(Host from, SessionCommand command) {}

    /** A session's place: {@code node} is empty while it moves. */
    private static final class Place {
        private Optional<Node> node = Optional.empty();
        private final List<Letter> waiting = new ArrayList<>();
        private boolean allocating;
        private long change;
    }

    private final SimulatedTime time;
    private final Network network;
    private final List<Node> members = new ArrayList<>();
    private final Map<String, Place> places = new LinkedHashMap<>();

    Region(SimulatedTime time, Network network) {
        this.time = time;
        this.network = network;
    }

    void join(Node node) {
        members.add(node);
    }

    List<Node> members() {
        return List.copyOf(members);
    }

    /** Names the sessions whose home is {@code node}. */
    List<String> sessionsOf(Node node) {
        return places.entrySet().stream()
                .filter(place -> place.getValue().node.filter(node::equals).isPresent())
                .map(Map.Entry::getKey)
                .toList();
    }

    /** Sends a command to wherever a session lives. */
    void send(Host from, String session, SessionCommand command) {
        Place place = place(session);
        if (place.node.isEmpty()) {
            place.waiting.add(new Letter(from, command));
            allocate(place, session);
            return;
        }
        Node node = place.node.get();
        network.send(from, node.host(), session, () -> {
            if (place.node.filter(node::equals).isPresent()) {
                node.take(session, network.translated(command, from, node.host()));
            } else {
                send(from, session, command); // It has moved meanwhile, and its old region passes it on.
            }
        });
    }

    /** Gives a session a home after a while, unless something else becomes of it meanwhile. */
    private void allocate(Place place, String session) {
        if (place.allocating) {
            return;
        }
        long change = begin(place);
        time.in(time.between(1, MOST_HANDOVER_MICROS), () -> {
            if (place.change == change) {
                place.allocating = false;
                if (members.isEmpty()) {
                    allocate(place, session);
                } else {
                    place.node = Optional.of(members.get(time.below(members.size())));
                    flush(place, session);
                }
            }
        });
    }

    /** Takes a session's home away; returns the number of this change, which a later one outdates. */
    private static long begin(Place place) {
        place.node = Optional.empty();
        place.allocating = true;
        return ++place.change;
    }

    private void flush(Place place, String session) {
        List<Letter> letters = List.copyOf(place.waiting);
        place.waiting.clear();
        letters.forEach(letter -> send(letter.from(), session, letter.command()));
    }

    /** The cluster takes a node for lost: its sessions get other homes. */
    void lose(Node node) {
        members.remove(node);
        sessionsOf(node).forEach(session -> {
            Place place = place(session);
            place.node = Optional.empty();
            allocate(place, session);
        });
    }

    /** A node takes no sessions any more, and hands those that it has over. */
    void leave(Node node) {
        members.remove(node);
        sessionsOf(node).forEach(session -> move(session, node));
    }

    /** Closes a session's door and gives it a home, perhaps another one, when that is done. */
    void move(String session, Node from) {
        Place place = place(session);
        if (place.node.filter(from::equals).isEmpty()) {
            return;
        }
        long change = begin(place);
        Runnable closed = () -> {
            if (place.change == change) {
                place.allocating = false;
                allocate(place, session);
            }
        };
        from.close(session, closed);
        time.in(HANDOFF_MICROS, closed); // A node that dies in the middle will not tell that the door is closed.
    }

    @Override
    public void passivate(Node node, String session) {
        Place place = place(session);
        if (place.node.filter(node::equals).isEmpty()) {
            return;
        }
        long change = begin(place);
        node.close(session, () -> {
            if (place.change == change) {
                place.allocating = false;
                if (members.contains(node)) {
                    place.node = Optional.of(node);
                    flush(place, session);
                } else {
                    allocate(place, session);
                }
            }
        });
    }

    @Override
    public void forward(Node node, String session, SessionCommand command) {
        if (!node.host().dead()) {
            send(node.host(), session, command);
        }
    }

    private Place place(String session) {
        return places.computeIfAbsent(session, _ -> new Place());
    }
}
