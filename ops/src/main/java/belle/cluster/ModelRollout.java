package belle.cluster;

import belle.node.BundleDifference;
import belle.node.Node;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.node.NodeLookup;
import belle.proto.node.NodeQuery;
import belle.proto.node.NodeQuery.ModelChange;
import belle.proto.node.NodeQuery.ModelInfo;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.StreamSupport;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;

/**
 * Changes what the nodes of a cluster serve, each step on all of them before the next: a bundle is loaded everywhere, then used
 * everywhere, and nodes let the one before go by themselves when no stream needs it any more. So a stream finds its bundle wherever
 * it goes, whoever dies when. Said again, each of these goes on where it was interrupted. Blocks; for a thread of its own.
 */
final class ModelRollout {
    /** What was done, and on which members. */
    record Outcome(String name, String bundle, List<String> members) {}

    private static final Duration FIND = Duration.ofSeconds(5);
    private static final Duration LOAD = Duration.ofMinutes(30);
    private static final Duration CHANGE = Duration.ofSeconds(10);

    private final ActorSystem<?> system;

    ModelRollout(ActorSystem<?> system) {
        this.system = system;
    }

    /**
     * Serves a bundle.
     *
     * @param directory its folder, the same on every node's machine
     * @param name that requests use; "" for the bundle's own
     * @param replacing in place of the one that has the name
     * @throws FailureException when a node cannot; then all serve what they served before
     */
    Outcome load(String directory, String name, boolean replacing) {
        Map<Address, ModelChange> loaded =
                askAll(replyTo -> new NodeQuery.LoadModel(directory, name, replacing, replyTo), LOAD);
        Optional<Failure> failure = firstFailure(loaded).or(() -> difference(loaded));
        List<ModelInfo> models = loaded.values().stream()
                .flatMap(change -> change.model().stream())
                .toList();
        if (failure.isPresent()) {
            models.stream()
                    .distinct()
                    .forEach(model -> askAll(
                            replyTo -> new NodeQuery.RetireModel(model.id(), model.bundle(), true, replyTo), CHANGE));
            throw new FailureException(failure.get());
        }
        ModelInfo model = models.getFirst();
        Map<Address, ModelChange> used =
                askAll(replyTo -> new NodeQuery.UseModel(model.id(), model.bundle(), replyTo), CHANGE);
        firstFailure(used).ifPresent(ModelRollout::fail);
        return outcome(model, used);
    }

    /**
     * Serves a name no more.
     *
     * @throws FailureException when no node serves it, or one serves nothing else
     */
    Outcome unload(String name) {
        Map<Address, ModelChange> retired =
                askAll(replyTo -> new NodeQuery.RetireModel(name, "", false, replyTo), CHANGE);
        Optional<ModelInfo> model = retired.values().stream()
                .flatMap(change -> change.model().stream())
                .findFirst();
        boolean refused = retired.values().stream()
                .flatMap(change -> change.failure().stream())
                .anyMatch(failure -> !(failure instanceof Failure.UnknownModel));
        if (model.isEmpty() || refused) {
            firstFailure(retired).ifPresent(ModelRollout::fail);
        }
        return outcome(model.orElseThrow(), retired);
    }

    private static void fail(Failure failure) {
        throw new FailureException(failure);
    }

    private static Outcome outcome(ModelInfo model, Map<Address, ModelChange> changes) {
        List<String> members = changes.entrySet().stream()
                .filter(change -> change.getValue().model().isPresent())
                .map(change -> NodeLookup.hostPort(change.getKey()))
                .toList();
        return new Outcome(model.id(), model.bundle(), members);
    }

    private static Optional<Failure> firstFailure(Map<Address, ModelChange> changes) {
        return changes.values().stream()
                .flatMap(change -> change.failure().stream())
                .findFirst();
    }

    /** Folders of one name may hold different bundles on different machines. */
    private static Optional<Failure> difference(Map<Address, ModelChange> loaded) {
        var first = loaded.entrySet().iterator().next();
        for (Map.Entry<Address, ModelChange> other : loaded.entrySet()) {
            Optional<Failure> difference = BundleDifference.of(
                    List.of(first.getValue().model().orElseThrow()),
                    NodeLookup.hostPort(other.getKey()),
                    List.of(other.getValue().model().orElseThrow()));
            if (difference.isPresent()) {
                return difference;
            }
        }
        return Optional.empty();
    }

    /** Asks every node, all at once; one that leaves the cluster meanwhile is left out. */
    private Map<Address, ModelChange> askAll(Function<ActorRef<ModelChange>, NodeQuery> question, Duration limit) {
        Map<Address, CompletableFuture<ModelChange>> asked = new LinkedHashMap<>();
        nodes().forEach(member -> asked.put(
                member, NodeLookup.ask(system, member, question, FIND, limit).toCompletableFuture()));
        if (asked.isEmpty()) {
            fail(new Failure.Unavailable("the cluster has no node"));
        }
        Map<Address, ModelChange> answers = new LinkedHashMap<>();
        asked.forEach((member, answer) -> await(member, answer).ifPresent(change -> answers.put(member, change)));
        if (answers.isEmpty()) {
            fail(new Failure.Unavailable("all nodes have left meanwhile"));
        }
        return answers;
    }

    private Optional<ModelChange> await(Address member, CompletableFuture<ModelChange> answer) {
        while (true) {
            try {
                return Optional.of(answer.get(1, TimeUnit.SECONDS));
            } catch (TimeoutException stillAtWork) {
                if (!nodes().contains(member)) {
                    return Optional.empty();
                }
            } catch (ExecutionException noAnswer) {
                if (!nodes().contains(member)) {
                    return Optional.empty();
                }
                var failure = new Failure.Unavailable(
                        "member " + NodeLookup.hostPort(member) + " does not answer; say the same again when it does");
                return Optional.of(new ModelChange(Optional.empty(), Optional.of(failure)));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new FailureException(new Failure.Unavailable("the member that was asked is shutting down"), e);
            }
        }
    }

    private List<Address> nodes() {
        return StreamSupport.stream(Cluster.get(system).state().getMembers().spliterator(), false)
                .filter(member -> member.hasRole(Node.ROLE) && member.status().equals(MemberStatus.up()))
                .map(Member::address)
                .toList();
    }
}
