package belle.node;

import belle.proto.Prompt;
import belle.proto.SamplingParams;
import belle.proto.Tokens;
import belle.proto.session.SessionCommand;
import belle.proto.session.StreamEvent;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityRef;

/** Reads the streams of a whole node in a cluster of one. */
final class NodeStreams {
    static final Duration PATIENCE = Duration.ofSeconds(60);

    private NodeStreams() {}

    /** The configuration of a cluster of one, with {@code more} settings. */
    static Config config(String more) {
        return ConfigFactory.parseString("""
                pekko.actor.provider = cluster
                pekko.remote.artery.canonical { hostname = "127.0.0.1", port = 0 }
                pekko.cluster.downing-provider-class = "org.apache.pekko.cluster.sbr.SplitBrainResolverProvider"
                pekko.cluster.jmx.enabled = off
                pekko.cluster.roles = ["node"]
                belle.node.drain-deadline = 2 s
                """ + more).withFallback(ConfigFactory.load());
    }

    static EntityRef<SessionCommand> session(ActorTestKit kit, String id) {
        return ClusterSharding.get(kit.system()).entityRefFor(SessionCommand.TYPE, id);
    }

    /** Has a stream begun in the session that its name tells, and returns its reader. */
    static TestProbe<StreamEvent> begin(
            ActorTestKit kit, String stream, String model, Prompt prompt, SamplingParams params) {
        TestProbe<StreamEvent> reader = kit.createTestProbe();
        session(kit, SessionCommand.sessionOf(stream))
                .tell(new SessionCommand.Generate(stream, model, prompt, params, "t", false, reader.getRef()));
        return reader;
    }

    /** Takes and acknowledges events up to the last one. */
    static List<StreamEvent> collect(EntityRef<SessionCommand> session, TestProbe<StreamEvent> reader) {
        return collect(session, reader, 0);
    }

    /** The same as the reader that came with {@code asked}. */
    static List<StreamEvent> collect(EntityRef<SessionCommand> session, TestProbe<StreamEvent> reader, long asked) {
        List<StreamEvent> events = new ArrayList<>();
        do {
            events.add(reader.receiveMessage(PATIENCE));
            if (events.getLast() instanceof StreamEvent.Indexed event) {
                session.tell(new SessionCommand.Acknowledge(event.stream(), event.index(), asked, 0));
            }
        } while (!(events.getLast() instanceof StreamEvent.Done
                || events.getLast() instanceof StreamEvent.Failed
                || events.getLast() instanceof StreamEvent.Refused));
        return events;
    }

    static List<Tokens> ids(List<StreamEvent> events) {
        return events.stream()
                .filter(StreamEvent.Delta.class::isInstance)
                .map(event -> ((StreamEvent.Delta) event).ids())
                .toList();
    }
}
