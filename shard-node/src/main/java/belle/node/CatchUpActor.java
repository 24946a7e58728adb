package belle.node;

import belle.proto.Failure;
import belle.proto.node.NodeQuery;
import belle.proto.node.NodeQuery.ModelChange;
import belle.proto.node.NodeQuery.ModelInfo;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * Gives a new node the models that its cluster has loaded while it served, one after the other: each is loaded from the folder that the
 * others have it from, and new streams of its name are its. The node is told as a change of models tells it.
 */
final class CatchUpActor extends AbstractBehavior<CatchUpActor.Command> {
    /** What it hears. */
    sealed interface Command {}

    private record Told(ModelChange change) implements Command {}

    private record Next() implements Command {}

    /** How it went; empty when the node has all of them. */
    record Outcome(Optional<Failure> failure) {}

    private static final Duration RETRY = Duration.ofMillis(500);

    private final TimerScheduler<Command> timers;
    private final List<ModelInfo> models;
    private final ActorRef<? super NodeQuery.OfNode> node;
    private final ActorRef<Outcome> replyTo;
    private final ActorRef<ModelChange> changes;
    private int done;
    private boolean loaded;

    /** Has {@code node} load and use {@code models}, and stops. */
    static Behavior<Command> create(
            List<ModelInfo> models, ActorRef<? super NodeQuery.OfNode> node, ActorRef<Outcome> replyTo) {
        return Behaviors.setup(context ->
                Behaviors.withTimers(timers -> new CatchUpActor(context, timers, models, node, replyTo).next()));
    }

    private CatchUpActor(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            List<ModelInfo> models,
            ActorRef<? super NodeQuery.OfNode> node,
            ActorRef<Outcome> replyTo) {
        super(context);
        this.timers = timers;
        this.models = models;
        this.node = node;
        this.replyTo = replyTo;
        this.changes = context.messageAdapter(ModelChange.class, Told::new);
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Told.class, told -> onTold(told.change()))
                .onMessage(Next.class, _ -> next())
                .build();
    }

    private Behavior<Command> next() {
        if (done == models.size()) {
            return end(Optional.empty());
        }
        ModelInfo model = models.get(done);
        getContext()
                .getLog()
                .info("the cluster serves bundle {} as {}; loading {}", model.bundle(), model.id(), model.loadedFrom());
        node.tell(new NodeQuery.LoadModel(model.loadedFrom(), model.id(), true, changes));
        return this;
    }

    private Behavior<Command> onTold(ModelChange change) {
        ModelInfo model = models.get(done);
        if (change.failure().isPresent()) {
            return onFailure(model, change.failure().get());
        }
        if (loaded) {
            loaded = false;
            done++;
            return next();
        }
        String bundle = change.model().orElseThrow().bundle();
        if (!bundle.equals(model.bundle())) {
            return end(Optional.of(new Failure.Invalid(
                    "model",
                    served(model) + ", but that folder holds bundle " + bundle + " here; put the same bundle there")));
        }
        loaded = true;
        node.tell(new NodeQuery.UseModel(model.id(), bundle, changes));
        return this;
    }

    /** A node that is loading something else is asked again. */
    private Behavior<Command> onFailure(ModelInfo model, Failure failure) {
        if (failure instanceof Failure.Overloaded) {
            timers.startSingleTimer(new Next(), RETRY);
            return this;
        }
        return end(Optional.of(
                new Failure.Invalid("model", served(model) + ", which cannot be loaded here: " + failure.message())));
    }

    private static String served(ModelInfo model) {
        return "the cluster serves bundle " + model.bundle() + " as '" + model.id() + "', loaded from "
                + model.loadedFrom();
    }

    private Behavior<Command> end(Optional<Failure> failure) {
        replyTo.tell(new Outcome(failure));
        return Behaviors.stopped();
    }
}
