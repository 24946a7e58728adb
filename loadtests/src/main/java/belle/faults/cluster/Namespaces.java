package belle.faults.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A namespace a process, all at one bridge. Several campaigns at once have a place each, with names and addresses of their
 * own; the bridge's alias is the pid of the campaign that it belongs to.
 *
 * @param place from 0
 * @param slowdown what {@code tc} makes a cable slow with; empty where it cannot
 */
record Namespaces(int place, int processes, List<String> slowdown) implements Network {
    private static final int PLACES = 100;
    /** The machine itself, among the addresses of a place. */
    private static final int HOST = 254;

    /** Queues of their own: a delay and losses, or, where the kernel lacks that, a narrow way with a queue before it. */
    private static final List<List<String>> SLOWDOWNS = List.of(
            List.of("netem", "delay", "150ms", "100ms", "loss", "3%"),
            List.of("tbf", "rate", "400kbit", "burst", "4kb", "latency", "400ms"));

    /**
     * Builds a network of {@code processes} places.
     *
     * @throws IOException where that is not permitted
     */
    static Namespaces build(int processes) throws IOException {
        var network = new Namespaces(claim(processes), processes, List.of());
        try {
            for (int number = 1; number <= processes; number++) {
                network.connect(number);
            }
            return new Namespaces(network.place, processes, network.possibleSlowdown());
        } catch (IOException e) {
            network.close();
            throw e;
        }
    }

    /** Takes a free place, or one whose campaign was killed. */
    private static int claim(int processes) throws IOException {
        String busy = "";
        for (int place = 0; place < PLACES; place++) {
            var candidate = new Namespaces(place, processes, List.of());
            if (candidate.isAbandoned()) {
                candidate.close();
            }
            if (!Files.exists(candidate.sysfs())) {
                try {
                    candidate.makeBridge();
                    return place;
                } catch (IOException e) {
                    busy = String.valueOf(e.getMessage());
                    if (!Files.exists(candidate.sysfs())) {
                        throw e;
                    }
                }
            }
        }
        throw new IOException("all " + PLACES + " places are taken " + busy);
    }

    private void makeBridge() throws IOException {
        // Without one of its own it takes the lowest of its ports', and loses it when that port is cut off.
        String hardware = "02:be:11:e0:00:%02x".formatted(place);
        Shell.run("ip", "link", "add", bridge(), "address", hardware, "type", "bridge");
        Shell.run(
                "ip",
                "link",
                "set",
                bridge(),
                "alias",
                Long.toString(ProcessHandle.current().pid()));
        Shell.run("ip", "addr", "add", address(HOST) + "/24", "dev", bridge());
        Shell.run("ip", "link", "set", bridge(), "up");
    }

    private boolean isAbandoned() throws IOException {
        Path alias = sysfs().resolve("ifalias");
        String owner = Files.exists(alias) ? Files.readString(alias).strip() : "";
        return owner.matches("\\d+") && ProcessHandle.of(Long.parseLong(owner)).isEmpty();
    }

    private void connect(int number) throws IOException {
        String cable = cable(number);
        String space = space(number);
        Shell.run("ip", "netns", "add", space);
        Shell.run("ip", "link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", space);
        Shell.run("ip", "link", "set", cable, "master", bridge(), "up");
        Shell.run("ip", "-n", space, "addr", "add", address(number) + "/24", "dev", "eth0");
        Shell.run("ip", "-n", space, "link", "set", "eth0", "up");
        Shell.run("ip", "-n", space, "link", "set", "lo", "up");
    }

    private List<String> possibleSlowdown() {
        for (List<String> queue : SLOWDOWNS) {
            try {
                tc(1, List.of("add"), queue);
                tc(1, List.of("del"), List.of());
                return queue;
            } catch (IOException e) {
                Shell.attempt("tc", "qdisc", "del", "dev", cable(1), "root");
            }
        }
        return List.of();
    }

    /** Does the same at both ends of a cable. */
    private void tc(int number, List<String> verb, List<String> queue) throws IOException {
        List<String> outside = new ArrayList<>(List.of("tc", "qdisc"));
        outside.addAll(verb);
        outside.addAll(List.of("dev", cable(number), "root"));
        outside.addAll(queue);
        Shell.run(outside.toArray(String[]::new));
        List<String> inside = new ArrayList<>(List.of("tc", "-n", space(number), "qdisc"));
        inside.addAll(verb);
        inside.addAll(List.of("dev", "eth0", "root"));
        inside.addAll(queue);
        Shell.run(inside.toArray(String[]::new));
    }

    private String bridge() {
        return "belle" + place;
    }

    /** Where the kernel tells of the bridge, which is this machine among the processes. */
    Path sysfs() {
        return Path.of("/sys/class/net", bridge());
    }

    private String space(int number) {
        return bridge() + "-" + number;
    }

    private String cable(int number) {
        return bridge() + "v" + number;
    }

    @Override
    public String address(int number) {
        return "10.73." + (100 + place) + "." + number;
    }

    @Override
    public String host() {
        return address(HOST);
    }

    @Override
    public int port(int number, int base) {
        return base;
    }

    @Override
    public List<String> within(int number, List<String> command) {
        List<String> inside = new ArrayList<>(List.of("ip", "netns", "exec", space(number)));
        inside.addAll(command);
        return inside;
    }

    @Override
    public boolean canCut() {
        return true;
    }

    @Override
    public boolean canSlow() {
        return !slowdown.isEmpty();
    }

    @Override
    public void cut(int number) throws IOException {
        Shell.run("ip", "link", "set", cable(number), "nomaster");
    }

    @Override
    public void mend(int number) throws IOException {
        Shell.run("ip", "link", "set", cable(number), "master", bridge());
    }

    @Override
    public void cutBetween(int number, List<Integer> others) throws IOException {
        for (int other : others) {
            Shell.run("ip", "-n", space(number), "route", "add", "blackhole", address(other) + "/32");
        }
    }

    @Override
    public void mendBetween(int number, List<Integer> others) throws IOException {
        for (int other : others) {
            Shell.run("ip", "-n", space(number), "route", "del", "blackhole", address(other) + "/32");
        }
    }

    @Override
    public void slow(int number) throws IOException {
        tc(number, List.of("add"), slowdown);
    }

    @Override
    public void quicken(int number) throws IOException {
        tc(number, List.of("del"), List.of());
    }

    @Override
    public void close() {
        for (int number = 1; number <= processes; number++) {
            Shell.attempt("ip", "netns", "del", space(number));
        }
        Shell.attempt("ip", "link", "del", bridge());
    }
}
