package belle.faults.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Two gateways and three nodes, each a process. Closing it ends them all. */
public final class TestCluster implements AutoCloseable {
    static final int HTTP = 8080;
    static final int MANAGEMENT = 8558;
    static final int CLUSTER = 7355;
    private static final int GATEWAYS = 2;
    private static final int NODES = 3;
    private static final int STARTS = 3;
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final Pattern ACTIVE =
            Pattern.compile("^belle_gateway_streams_active(?:\\{[^}]*})? (\\S+)$", Pattern.MULTILINE);
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(PATIENCE).build();
    private final Network network;
    private final JournalStore store;
    private final List<Member> members = new ArrayList<>();
    private final Path folder;
    private final Optional<Path> clocks;

    /**
     * Describes the cluster; {@link #start} starts it.
     *
     * @param before starts each process for the first time: an earlier version, from which the cluster is upgraded
     * @param store where conversations are written down; closed with the cluster
     * @param folder for logs and settings
     * @param settings of every process, in HOCON
     * @param flags of every process, beside those that say where it is
     * @param ownClocks gives each process a time of day of its own, where that is possible
     */
    public TestCluster(
            Launcher launcher,
            Optional<Launcher> before,
            Network network,
            JournalStore store,
            Path folder,
            String settings,
            List<String> flags,
            boolean ownClocks)
            throws IOException {
        this.clocks = ownClocks ? Clock.installed() : Optional.empty();
        this.network = network;
        this.store = store;
        this.folder = Files.createDirectories(folder);
        for (int number = 1; number <= GATEWAYS + NODES; number++) {
            boolean gateway = number <= GATEWAYS;
            String name = gateway ? "gateway" + number : "node" + (number - GATEWAYS);
            Path file =
                    Files.writeString(folder.resolve(name + ".conf"), settings + store.settings() + hangSetting(name));
            List<String> arguments =
                    new ArrayList<>(List.of(gateway ? "gateway" : "node", "--config", file.toString()));
            String address = network.address(number);
            add(arguments, "--cluster-host", address);
            add(arguments, "--cluster-port", port(number, CLUSTER));
            add(arguments, "--management-host", address);
            add(arguments, "--management-port", port(number, MANAGEMENT));
            if (gateway) {
                add(arguments, "--host", address);
                add(arguments, "--port", port(number, HTTP));
            }
            arguments.add("--seed");
            for (int seed = 1; seed <= GATEWAYS; seed++) {
                arguments.add(network.address(seed) + ":" + port(seed, CLUSTER));
            }
            arguments.add("--insecure");
            arguments.addAll(flags);
            int place = number;
            ProcessBuilder command = within(network, place, launcher.belle(arguments));
            Optional<ProcessBuilder> first = before.map(old -> within(network, place, old.belle(arguments)));
            Optional<Clock> clock = clocks.isEmpty()
                    ? Optional.empty()
                    : Optional.of(Clock.right(clocks.get(), folder.resolve(name + ".clock")));
            members.add(new Member(name, number, network, command, first, folder.resolve(name + ".log"), clock));
        }
    }

    private static ProcessBuilder within(Network network, int number, ProcessBuilder command) {
        return command.command(network.within(number, command.command()));
    }

    private static void add(List<String> arguments, String flag, String value) {
        arguments.add(flag);
        arguments.add(value);
    }

    private String port(int number, int base) {
        return Integer.toString(network.port(number, base));
    }

    private String hangSetting(String name) {
        return "\nbelle.node.planted-faults.hang-file = \"" + hangFile(name) + "\"\n";
    }

    /** Returns the file that makes a node's steps hang while it exists. */
    public Path hangFile(String node) {
        return folder.resolve(node + ".hang");
    }

    /**
     * Starts all processes and waits until they are one cluster.
     *
     * @throws IOException when one does not start; its log says why
     */
    public void start(Duration limit) throws IOException, InterruptedException {
        for (Member member : members) {
            member.start();
            if (member.number() == 1) {
                awaitReady(member); // It begins the cluster.
            }
        }
        for (Member member : members.subList(1, members.size())) {
            awaitReady(member);
        }
        if (!awaitWhole(limit)) {
            throw new IOException(
                    "the processes were not one cluster after " + limit.toSeconds() + " s; see " + folder);
        }
    }

    /** One that the others put out, because so many starting at once left it no processor, is started again. */
    private void awaitReady(Member member) throws IOException, InterruptedException {
        for (int i = 1; !member.awaitReady(); i++) {
            if (i == STARTS) {
                throw new IOException(member.name() + " did not start; see " + folder.resolve(member.name() + ".log"));
            }
            member.start();
        }
    }

    /** Returns all processes, gateways first. */
    public List<Member> members() {
        return List.copyOf(members);
    }

    /** Returns those that take clients. */
    public List<Member> gateways() {
        return members.stream().filter(Member::isGateway).toList();
    }

    /** Returns those that compute. */
    public List<Member> nodes() {
        return members.stream().filter(member -> !member.isGateway()).toList();
    }

    /** Returns the network that they are in. */
    public Network network() {
        return network;
    }

    /** Returns where conversations are written down. */
    public JournalStore store() {
        return store;
    }

    /** Tells whether {@link Member#setClock} does anything. */
    public boolean canSetClocks() {
        return clocks.isPresent();
    }

    /** Tells whether both gateways know a member as one that is up and that all reach. */
    public boolean isWell(Member member) {
        String address = address(member);
        return gateways().stream().allMatch(gateway -> {
            try {
                for (JsonNode seen :
                        JSON.readTree(get(gateway, "/belle/status")).path("members")) {
                    if (seen.path("address").asText().equals(address)) {
                        return isUp(seen) && (member.isGateway() || isServing(seen));
                    }
                }
                return false;
            } catch (IOException e) {
                return false;
            }
        });
    }

    private static boolean isUp(JsonNode seen) {
        return seen.path("status").asText().equals("up")
                && seen.path("reachable").asBoolean();
    }

    private static boolean isServing(JsonNode seen) {
        return seen.at("/node/ready").asBoolean();
    }

    private String address(Member member) {
        return network.address(member.number()) + ":" + port(member.number(), CLUSTER);
    }

    /** Waits until every process is a member that all reach, and every node serves. */
    public boolean awaitWhole(Duration limit) throws InterruptedException {
        long end = System.nanoTime() + limit.toNanos();
        while (System.nanoTime() < end) {
            if (gateways().stream().allMatch(this::seesAll)) {
                return true;
            }
            Thread.sleep(100);
        }
        return false;
    }

    private boolean seesAll(Member gateway) {
        try {
            JsonNode status = JSON.readTree(get(gateway, "/belle/status"));
            int up = 0;
            int ready = 0;
            for (JsonNode member : status.path("members")) {
                if (isUp(member)) {
                    up++;
                    ready += isServing(member) ? 1 : 0;
                }
            }
            return up == members.size()
                    && ready == NODES
                    && status.path("members").size() == members.size();
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Returns what is still held, as {@code "member streams"} and {@code "member leased blocks"}; all should be 0. Nodes say
     * it in the cluster's status, gateways in their metrics.
     */
    public Map<String, Long> leftovers() throws IOException {
        Map<String, Long> left = new TreeMap<>();
        for (JsonNode member :
                JSON.readTree(get(gateways().getFirst(), "/belle/status")).path("members")) {
            for (JsonNode model : member.at("/node/models")) {
                String node = member.path("address").asText();
                left.put(node + " streams", model.path("streams").asLong());
                left.put(
                        node + " leased blocks",
                        model.path("blocks").asLong() - model.path("freeBlocks").asLong());
            }
        }
        for (Member gateway : gateways()) {
            String metrics = send(HttpRequest.newBuilder(gateway.url().resolve("/metrics"))
                    .timeout(PATIENCE)
                    .build());
            Matcher active = ACTIVE.matcher(metrics);
            if (active.find()) {
                left.put(gateway.name() + " streams", (long) Double.parseDouble(active.group(1)));
            }
        }
        return left;
    }

    /** Has a member drain, as {@code belle cluster drain} does; asks {@code through} another one. */
    public void drain(Member member, Member through) throws IOException {
        HttpRequest request = HttpRequest.newBuilder(
                        through.management().resolve("/belle/members/" + address(member) + "/drain"))
                .header("X-Belle", "faults")
                .timeout(PATIENCE)
                .POST(HttpRequest.BodyPublishers.noBody())
                .build();
        send(request);
    }

    /** Reads a page of a member's management endpoint. */
    public String get(Member member, String path) throws IOException {
        return send(HttpRequest.newBuilder(member.management().resolve(path))
                .timeout(PATIENCE)
                .build());
    }

    private String send(HttpRequest request) throws IOException {
        try {
            var answer = http.send(request, BodyHandlers.ofString());
            if (answer.statusCode() / 100 != 2) {
                throw new IOException(request.uri() + " answers " + answer.statusCode() + ": " + answer.body());
            }
            return answer.body();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    @Override
    public void close() throws IOException {
        members.forEach(Member::end);
        try (Stream<Path> hangs = Files.list(folder)) {
            for (Path hang :
                    hangs.filter(file -> file.toString().endsWith(".hang")).toList()) {
                Files.deleteIfExists(hang);
            }
        }
        try {
            store.close();
        } finally {
            network.close();
            http.close();
        }
    }
}
