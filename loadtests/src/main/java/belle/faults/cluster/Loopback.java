package belle.faults.cluster;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;

/** One address for all; processes differ by their ports. */
record Loopback(int first) implements Network {
    private static final int LOWEST = 20_000;
    private static final int HIGHEST = 20_900;
    private static final int STEP = 100;

    /** Takes ports that nothing listens on, another campaign least of all. */
    static Loopback free(int processes) {
        for (int first = LOWEST; first < HIGHEST; first += STEP) {
            var network = new Loopback(first);
            boolean free = true;
            for (int number = 1; number <= processes; number++) {
                free &= isFree(network.port(number, TestCluster.CLUSTER))
                        && isFree(network.port(number, TestCluster.MANAGEMENT));
            }
            if (free) {
                return network;
            }
        }
        return new Loopback(HIGHEST);
    }

    private static boolean isFree(int port) {
        try (var _ = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public String address(int number) {
        return "127.0.0.1";
    }

    @Override
    public String host() {
        return "127.0.0.1";
    }

    @Override
    public int port(int number, int base) {
        return first + number * 10 + base % 10;
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
    public boolean canSlow() {
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
    public void slow(int number) {}

    @Override
    public void quicken(int number) {}

    @Override
    public void close() {}
}
