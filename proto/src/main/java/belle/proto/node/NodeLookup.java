package belle.proto.node;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.actor.typed.receptionist.Receptionist;

/** Asks the node of one particular member, whether it is listed for gateways or not. */
public final class NodeLookup {
    private NodeLookup() {}

    /**
     * Asks once.
     *
     * @return fails when the member has no node that has opened its bundles, or does not answer within {@code limit}
     */
    public static <T> CompletionStage<T> ask(
            ActorSystem<?> system, Address member, Function<ActorRef<T>, NodeQuery> question, Duration limit) {
        return ask(system, member, question, limit, limit);
    }

    /** The same, where the answer takes longer than finding the node, {@code findLimit}. */
    public static <T> CompletionStage<T> ask(
            ActorSystem<?> system,
            Address member,
            Function<ActorRef<T>, NodeQuery> question,
            Duration findLimit,
            Duration limit) {
        return Adapter.toClassic(system)
                .actorSelection(member + NodeQuery.PATH)
                .resolveOne(findLimit)
                .thenCompose(found ->
                        AskPattern.ask(Adapter.<NodeQuery>toTyped(found), question::apply, limit, system.scheduler()));
    }

    /** Has an actor told the nodes that are ready, now and whenever that changes. */
    public static <T> void subscribe(ActorContext<T> context, Function<Set<ActorRef<NodeQuery>>, T> listed) {
        ActorRef<Receptionist.Listing> listings = context.messageAdapter(
                Receptionist.Listing.class, listing -> listed.apply(listing.getServiceInstances(NodeQuery.KEY)));
        context.getSystem().receptionist().tell(Receptionist.subscribe(NodeQuery.KEY, listings));
    }

    /** Returns a member's address as people write it, HOST:PORT. */
    public static String hostPort(Address member) {
        return member.getHost().orElse("") + ":" + member.getPort().orElse(0);
    }
}
