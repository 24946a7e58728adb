package belle.faults.simulation;

import static belle.faults.simulation.SimulatedTime.MILLIS;
import static belle.faults.simulation.SimulatedTime.SECOND_IN_MICROS;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A run's faults, drawn. Those of nodes may follow each other closely, and so may those of gateways and clients; between
 * the two kinds there is time to recover, since a stream lives as long as either its reader or its session does.
 */
final class Misfortunes {
    /** Every reader that lost its session has another one by then. */
    private static final long STREAMS_GO_ON_MICROS = 6 * SECOND_IN_MICROS;

    /** Every client that lost its gateway has found another one by then. */
    private static final long CLIENTS_RETURN_MICROS = 25 * SECOND_IN_MICROS;

    /** A node that was lost is dead by then, and its readers know. */
    private static final long HAUNTS_MICROS = 7 * SECOND_IN_MICROS;

    private static final long DRAIN_MICROS = 20 * SECOND_IN_MICROS;
    private static final int MOST_FAULTS = 4;

    private final Cluster cluster;
    private final SimulatedTime time;
    private final Faults faults;
    private final Region region;
    private final List<Node> spares;
    private final List<Client> clients;
    private final Set<Host> harmed = new HashSet<>();
    private final List<Long> moments = new ArrayList<>();
    private long quietFrom;

    /** @param spares nodes that join when others are lost */
    Misfortunes(Cluster cluster, Faults faults, Region region, List<Node> spares, List<Client> clients) {
        this.cluster = cluster;
        this.time = cluster.time();
        this.faults = faults;
        this.region = region;
        this.spares = new ArrayList<>(spares);
        this.clients = clients;
    }

    /** Draws what happens, and returns when: from soon on. */
    List<Long> plan() {
        long at = time.between(200 * MILLIS, SECOND_IN_MICROS);
        boolean atNodes = time.oneIn(2);
        for (int left = 1 + time.below(MOST_FAULTS); left > 0; left--) {
            time.in(at, atNodes ? this::harmNode : this::harmGateway);
            moments.add(at);
            boolean turns = time.oneIn(3);
            atNodes ^= turns;
            at += turns ? (atNodes ? CLIENTS_RETURN_MICROS : STREAMS_GO_ON_MICROS) : time.between(0, 1500 * MILLIS);
        }
        return moments;
    }

    /** Whether one fault has just been, and no other is near. */
    boolean oneIsOver() {
        long now = time.nowMicros();
        List<Long> near = moments.stream()
                .filter(at -> Math.abs(at - now) < 2 * STREAMS_GO_ON_MICROS)
                .toList();
        return near.size() == 1 && near.getFirst() <= now && now >= quietFrom;
    }

    private void harmNode() {
        List<Node> sound = region.members().stream()
                .filter(node -> !harmed.contains(node.host()))
                .toList();
        if (sound.isEmpty() || sound.size() + spares.size() < 2) {
            return;
        }
        Node node = sound.get(time.below(sound.size()));
        switch (time.below(9)) {
            case 0, 1 -> {
                lose(node);
                die(node);
            }
            case 2 -> {
                lose(node);
                long micros = time.between(SECOND_IN_MICROS, 8 * SECOND_IN_MICROS);
                quietFrom = Math.max(quietFrom, time.nowMicros() + micros + HAUNTS_MICROS);
                faults.freeze(node.host(), micros, () -> haunt(node));
            }
            case 3 -> {
                lose(node);
                long micros = time.between(SECOND_IN_MICROS, 8 * SECOND_IN_MICROS);
                quietFrom = Math.max(quietFrom, time.nowMicros() + micros + HAUNTS_MICROS);
                cluster.gateways().forEach(gateway -> faults.cut(gateway.host(), node.host(), micros, () -> {}));
                time.in(micros, () -> haunt(node));
            }
            case 4 -> pause(node.host());
            case 5 -> {
                long micros = time.between(10, 1500) * MILLIS;
                cluster.gateways().forEach(gateway -> faults.cut(gateway.host(), node.host(), micros, () -> {}));
            }
            case 6 -> drain(node);
            case 7 -> rebalance(node);
            default -> {
                faults.told("crash of the batch loop", node.host());
                node.crashLoop();
            }
        }
    }

    private void rebalance(Node node) {
        faults.told("rebalance", node.host());
        region.sessionsOf(node).forEach(session -> region.move(session, node));
    }

    private void lose(Node node) {
        harmed.add(node.host());
        faults.notice(node.host(), () -> region.lose(node));
        replace();
    }

    private void replace() {
        if (!spares.isEmpty()) {
            Node spare = spares.removeFirst();
            time.in(time.between(0, 2 * SECOND_IN_MICROS), () -> region.join(spare));
        }
    }

    /** A node that the others have lost is still at work for a while. */
    private void haunt(Node node) {
        time.in(time.between(0, 3 * SECOND_IN_MICROS), () -> die(node));
    }

    private void die(Node node) {
        faults.kill(node.host());
        faults.notice(node.host(), () -> region.lose(node));
        node.stop();
    }

    private void drain(Node node) {
        harmed.add(node.host());
        faults.told("drain", node.host());
        replace();
        region.leave(node);
        leaveWhenEmpty(node, time.nowMicros() + DRAIN_MICROS);
    }

    private void leaveWhenEmpty(Node node, long deadline) {
        if (node.residents() == 0 || time.nowMicros() >= deadline) {
            die(node);
        } else {
            time.in(100 * MILLIS, () -> leaveWhenEmpty(node, deadline));
        }
    }

    private void harmGateway() {
        if (time.nowMicros() < quietFrom) {
            time.in(quietFrom - time.nowMicros(), this::harmGateway);
            return;
        }
        List<Gateway> sound = cluster.gateways().stream()
                .filter(gateway -> !harmed.contains(gateway.host()))
                .toList();
        if (sound.isEmpty()) {
            return;
        }
        Gateway gateway = sound.get(time.below(sound.size()));
        switch (sound.size() < 2 ? 3 + time.below(2) : time.below(8)) {
            case 0, 1 -> {
                harmed.add(gateway.host());
                die(gateway);
            }
            case 2 -> {
                harmed.add(gateway.host());
                faults.notice(gateway.host(), () -> {});
                faults.freeze(
                        gateway.host(),
                        time.between(SECOND_IN_MICROS, 8 * SECOND_IN_MICROS),
                        () -> time.in(time.between(0, 3 * SECOND_IN_MICROS), () -> die(gateway)));
                clients.forEach(client -> time.in(time.between(0, 6 * SECOND_IN_MICROS), () -> {
                    if (gateway.host().silent()) {
                        client.lose(gateway);
                    }
                }));
            }
            case 3 -> pause(gateway.host());
            case 5 -> {
                harmed.add(gateway.host());
                faults.told("drain", gateway.host());
                gateway.expire();
                time.in(SECOND_IN_MICROS, () -> die(gateway));
            }
            case 6, 7 -> {
                harmed.add(gateway.host());
                die(gateway);
                time.in(
                        time.between(0, 5 * SECOND_IN_MICROS),
                        () -> region.members().forEach(this::rebalance));
            }
            default -> clients.stream().filter(Client::listens).findFirst().ifPresent(Client::loseSight);
        }
    }

    private void die(Gateway gateway) {
        faults.kill(gateway.host());
        faults.notice(gateway.host(), () -> {});
        clients.forEach(client -> client.lose(gateway));
    }

    private void pause(Host host) {
        harmed.add(host);
        faults.freeze(host, time.between(10, 1500) * MILLIS, () -> harmed.remove(host));
    }
}
