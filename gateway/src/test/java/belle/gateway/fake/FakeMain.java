package belle.gateway.fake;

import belle.gateway.Gateway;
import belle.gateway.GatewayConfig;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;

/** The gateway over a fake model, to look at the page and to run clients: {@code FakeMain [port] [milliseconds a token]}. */
public final class FakeMain {
    private FakeMain() {}

    /** Serves until it is stopped. */
    public static void main(String[] args) {
        int port = args.length > 0 ? Integer.parseInt(args[0]) : 8080;
        Duration interval = Duration.ofMillis(args.length > 1 ? Integer.parseInt(args[1]) : 30);
        var config = ConfigFactory.parseResources("one-member.conf").withFallback(ConfigFactory.load());
        ActorSystem<Void> system = ActorSystem.create(Behaviors.empty(), "fake", config.resolve());
        Cluster cluster = Cluster.get(system);
        cluster.manager().tell(Join.create(cluster.selfMember().address()));
        FakeNode.start(system, new Witness(), interval);
        Gateway.start(system, GatewayConfig.of(config.resolve()).withPort(port))
                .thenAccept(binding -> system.log().info("listening on {}", binding.address()));
    }
}
