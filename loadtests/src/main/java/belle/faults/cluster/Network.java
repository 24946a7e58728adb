package belle.faults.cluster;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * How processes reach each other. With network namespaces (Linux, root) each has an address and a cable of its own, which
 * can be pulled; without, all share 127.0.0.1 and nothing can be cut.
 */
public sealed interface Network extends AutoCloseable {
    /** Returns the address of process {@code number}, from 1. */
    String address(int number);

    /** Returns the port that a process uses for what has {@code base} as its usual port. */
    int port(int number, int base);

    /** Returns a command line that runs within the process's place in the network. */
    List<String> within(int number, List<String> command);

    /** Tells whether {@link #cut} and {@link #cutBetween} do anything. */
    boolean canCut();

    /** Pulls a process's cable: nothing comes in or goes out, and nobody is told. */
    void cut(int number) throws IOException;

    /** Puts the cable back. */
    void mend(int number) throws IOException;

    /** Cuts a process off from some others, but not from clients. */
    void cutBetween(int number, List<Integer> others) throws IOException;

    /** Undoes {@link #cutBetween}. */
    void mendBetween(int number, List<Integer> others) throws IOException;

    @Override
    void close();

    /** Returns namespaces for {@code processes}, or the shared address where they are not permitted. */
    static Network forProcesses(int processes) {
        Namespaces namespaces = new Namespaces(processes);
        try {
            namespaces.build();
            return namespaces;
        } catch (IOException e) {
            namespaces.close();
            return new Loopback();
        }
    }

    /** One address for all. */
    record Loopback() implements Network {
        private static final int FIRST = 20_000;

        @Override
        public String address(int number) {
            return "127.0.0.1";
        }

        @Override
        public int port(int number, int base) {
            return FIRST + number * 10 + base % 10;
        }

        @Override
        public List<String> within(int number, List<String> command) {
            return command;
        }

        @Override
        public boolean canCut() {
            return false;
        }

        @Override
        public void cut(int number) {}

        @Override
        public void mend(int number) {}

        @Override
        public void cutBetween(int number, List<Integer> others) {}

        @Override
        public void mendBetween(int number, List<Integer> others) {}

        @Override
        public void close() {}
    }

    /** A namespace a process, all at one bridge. */
    record Namespaces(int processes) implements Network {
        private static final String BRIDGE = "belle0";
        private static final String NET = "10.73.55.";

        void build() throws IOException {
            close(); // What an earlier run may have left.
            Shell.run("ip", "link", "add", BRIDGE, "type", "bridge");
            Shell.run("ip", "addr", "add", NET + "254/24", "dev", BRIDGE);
            Shell.run("ip", "link", "set", BRIDGE, "up");
            for (int number = 1; number <= processes; number++) {
                Shell.run("ip", "netns", "add", space(number));
                Shell.run(
                        "ip",
                        "link",
                        "add",
                        cable(number),
                        "type",
                        "veth",
                        "peer",
                        "name",
                        "eth0",
                        "netns",
                        space(number));
                Shell.run("ip", "link", "set", cable(number), "master", BRIDGE, "up");
                Shell.run("ip", "-n", space(number), "addr", "add", address(number) + "/24", "dev", "eth0");
                Shell.run("ip", "-n", space(number), "link", "set", "eth0", "up");
                Shell.run("ip", "-n", space(number), "link", "set", "lo", "up");
            }
        }

        private static String space(int number) {
            return "belle" + number;
        }

        private static String cable(int number) {
            return "bellev" + number;
        }

        @Override
        public String address(int number) {
            return NET + number;
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
        public void cut(int number) throws IOException {
            Shell.run("ip", "link", "set", cable(number), "nomaster");
        }

        @Override
        public void mend(int number) throws IOException {
            Shell.run("ip", "link", "set", cable(number), "master", BRIDGE);
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
        public void close() {
            for (int number = 1; number <= processes; number++) {
                Shell.attempt("ip", "netns", "del", space(number));
            }
            Shell.attempt("ip", "link", "del", BRIDGE);
        }
    }
}
