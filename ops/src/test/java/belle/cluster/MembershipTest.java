package belle.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import belle.proto.node.NodeLookup;
import com.typesafe.config.ConfigFactory;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.management.javadsl.PekkoManagement;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How members find and trust each other: real sockets, several members in this JVM. */
class MembershipTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final List<ActorSystem<?>> systems = new ArrayList<>();

    @AfterEach
    void stop() throws Exception {
        systems.forEach(ActorSystem::terminate);
        for (ActorSystem<?> system : systems) {
            system.getWhenTerminated().toCompletableFuture().get(60, TimeUnit.SECONDS);
        }
    }

    @Test
    void membersThatDiscoverEachOtherFormOneCluster() throws Exception {
        int one = freePort();
        int two = freePort();
        String discovery = """
                belle.cluster { discovery = config, required-contact-points = 2, management.port = %d }
                pekko.management.cluster.bootstrap.contact-point-discovery.stable-margin = 1 s
                pekko.discovery.config.services.belle.endpoints = [
                  { host = "127.0.0.1", port = %d }, { host = "127.0.0.1", port = %d }
                ]
                """;
        ActorSystem<?> first = member(discovery.formatted(one, one, two));
        ActorSystem<?> second = member(discovery.formatted(two, one, two));
        awaitMembers(first, 2);
        awaitMembers(second, 2);
    }

    @Test
    void onlyMembersWithACertificateOfTheSameAuthorityJoin(@TempDir Path folder) throws Exception {
        String tls = "belle.cluster.tls.directory = \"%s\"\n";
        String ours = tls.formatted(Keys.make(folder.resolve("ours")));
        String others = tls.formatted(Keys.make(folder.resolve("others")));
        ActorSystem<?> first = member(ours);
        String seed = "belle.cluster.seeds = [\"" + address(first) + "\"]\n";
        ActorSystem<?> plain = member(seed + "belle.cluster.join-deadline = 3 s");
        ActorSystem<?> stranger = member(seed + others + "belle.cluster.join-deadline = 3 s");
        ActorSystem<?> friend = member(seed + ours);
        awaitMembers(friend, 2);
        awaitRefusal(plain);
        awaitRefusal(stranger);
        awaitMembers(first, 2);
    }

    private ActorSystem<?> member(String own) throws Exception {
        var config = MemberSettings.of(
                ConfigFactory.parseString(own)
                        .withFallback(ConfigFactory.parseString("pekko.loglevel = OFF"))
                        .withFallback(ConfigFactory.defaultApplication()),
                "gateway",
                "1");
        ActorSystem<Void> system = ActorSystem.create(Behaviors.empty(), "belle", config);
        systems.add(system);
        PekkoManagement.get(system).start().toCompletableFuture().get(60, TimeUnit.SECONDS);
        Membership.join(system, ClusterConfig.of(config));
        return system;
    }

    private static void awaitMembers(ActorSystem<?> system, int count) throws InterruptedException {
        long start = System.nanoTime();
        while (membersUp(system) != count) {
            assertThat(System.nanoTime() - start).isLessThan(PATIENCE.toNanos());
            Thread.sleep(50);
        }
    }

    private static int membersUp(ActorSystem<?> system) {
        int up = 0;
        for (Member member : Cluster.get(system).state().getMembers()) {
            up += member.status().equals(MemberStatus.up()) ? 1 : 0;
        }
        return up;
    }

    private static void awaitRefusal(ActorSystem<?> system) throws Exception {
        system.getWhenTerminated().toCompletableFuture().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        assertThat(CoordinatedShutdown.get(system).getShutdownReason())
                .contains(CoordinatedShutdown.clusterJoinUnsuccessfulReason());
    }

    private static String address(ActorSystem<?> system) {
        return NodeLookup.hostPort(Cluster.get(system).selfMember().address());
    }

    private static int freePort() throws Exception {
        try (var socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
