package belle.faults.simulation;

import belle.faults.history.Entry;
import belle.faults.history.History;
import java.util.ArrayList;
import java.util.List;

/** One simulation: clients, faults, and what is left when all is over. */
final class Run {
    private static final int CLIENTS = 8;
    private static final int FIRST_NODES = 2;
    private static final long RECOVERY_MICROS = 15 * SimulatedTime.SECOND_IN_MICROS;
    private static final long LIMIT = 600 * SimulatedTime.SECOND_IN_MICROS;

    private final Cluster cluster;
    private final SimulatedTime time;
    private final Recorder recorder;
    private final Network network;
    private final Region region;
    private final Faults faults;
    private final List<Node> nodes = new ArrayList<>();
    private final List<Client> clients = new ArrayList<>();

    private Run(Cluster cluster) {
        this.cluster = cluster;
        time = cluster.time();
        recorder = new Recorder(time);
        network = new Network(time);
        region = new Region(time, network);
        faults = new Faults(cluster, network, recorder);
    }

    /** Returns all that the clients of a seed see. */
    static History of(Cluster cluster, long seed) {
        cluster.begin(seed);
        Run run = new Run(cluster);
        run.live();
        run.count();
        run.leave();
        return run.recorder.history();
    }

    private void live() {
        cluster.gateways().forEach(gateway -> gateway.begin(region));
        cluster.nodes().forEach(host -> nodes.add(new Node(host, region)));
        cluster.runUntil(() -> nodes.stream().allMatch(Node::built), LIMIT);
        nodes.subList(0, FIRST_NODES).forEach(region::join);
        List<Node> spares = nodes.subList(FIRST_NODES, nodes.size());
        Misfortunes misfortunes = new Misfortunes(cluster, faults, region, spares, clients);
        List<Long> moments = misfortunes.plan();
        for (int i = 0; i < CLIENTS; i++) {
            Client client =
                    new Client(Wanted.draw(time, i), time, cluster.gateways(), recorder, misfortunes::oneIsOver);
            clients.add(client);
            long near = moments.get(time.below(moments.size()));
            time.in(near + time.between(-900 * SimulatedTime.MILLIS, 300 * SimulatedTime.MILLIS), client::begin);
        }
        cluster.runUntil(() -> clients.stream().allMatch(Client::over), LIMIT);
        // What has not gone wrong yet need not any more, but what has is to be over.
        cluster.runUntil(() -> false, RECOVERY_MICROS);
    }

    private void count() {
        cluster.runUntil(() -> nodes.stream().allMatch(node -> node.host().dead() || node.residents() == 0), LIMIT);
        cluster.runUntil(() -> false, SimulatedTime.SECOND_IN_MICROS);
        for (Node node : nodes) {
            if (!node.host().dead()) {
                recorder.add(at -> new Entry.Counted(at, node.host().toString(), "sessions", node.residents()));
                recorder.add(at -> new Entry.Counted(at, node.host().toString(), "streams", node.streams()));
                recorder.add(at -> new Entry.Counted(at, node.host().toString(), "blocks", node.leasedBlocks()));
            }
        }
        long crashed = cluster.crashes().takeCount();
        recorder.add(at -> new Entry.Counted(at, "all", "crashed actors", crashed));
        for (Gateway gateway : cluster.gateways()) {
            var idle = gateway.idle();
            cluster.settle();
            recorder.add(at -> new Entry.Counted(at, gateway.host().toString(), "open streams", idle.isDone() ? 0 : 1));
        }
    }

    private void leave() {
        nodes.forEach(Node::stop);
        cluster.gateways().forEach(Gateway::end);
        network.end();
        cluster.runUntil(() -> false, SimulatedTime.SECOND_IN_MICROS);
    }
}
