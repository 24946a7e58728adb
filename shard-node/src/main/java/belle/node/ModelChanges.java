package belle.node;

import belle.node.NodeModels.Entry;
import belle.node.NodeModels.Use;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.node.NodeQuery.LoadModel;
import belle.proto.node.NodeQuery.ModelChange;
import belle.proto.node.NodeQuery.RetireModel;
import belle.proto.node.NodeQuery.UseModel;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import org.apache.pekko.actor.typed.ActorRef;

/** What a node is told to do with its models while it serves, as far as that can be decided by its books. */
final class ModelChanges {
    private final NodeModels models;

    ModelChanges(NodeModels models) {
        this.models = models;
    }

    /** Returns what is to be opened; tells who asks when that is no folder's name. */
    Optional<BundleSpec> toOpen(LoadModel asked) {
        try {
            Optional<String> name = Optional.of(asked.name()).filter(given -> !given.isEmpty());
            return Optional.of(new BundleSpec(Path.of(asked.directory()), name, BundleSpec.Origin.LOADED));
        } catch (InvalidPathException e) {
            asked.replyTo()
                    .tell(failed(new Failure.Invalid("directory", "the directory is no path: " + e.getReason())));
            return Optional.empty();
        }
    }

    /**
     * A bundle was opened that the node is to have.
     *
     * @return empty when it is new; else the answer, and it is not needed
     */
    Optional<ModelChange> opened(HostedModel model, LoadModel asked) {
        String bundle = model.model().identity();
        Optional<Entry> other = models.used(model.name()).filter(used -> !used.model.is(model.name(), bundle));
        if (other.isPresent() && !asked.replacing()) {
            return Optional.of(failed(new Failure.Invalid(
                    "name",
                    "model '" + model.name() + "' is served already, as bundle "
                            + other.get().model.model().identity()
                            + "; swap it, or load the other one under another name")));
        }
        return models.find(model.name(), bundle)
                .map(same -> same.served.isPresent() ? done(same) : failed(beingLoaded(model.name())));
    }

    /** Returns the bundle that is to be used; tells who asks when it is not there. */
    Optional<Entry> toUse(UseModel asked) {
        Optional<Entry> found = models.find(asked.name(), asked.bundle()).filter(entry -> entry.served.isPresent());
        if (found.isEmpty()) {
            refuse(asked.replyTo(), asked.name(), asked.bundle());
        }
        return found;
    }

    /** Returns the bundle that is to be retired; tells who asks when there is none. */
    Optional<Entry> toRetire(RetireModel asked) {
        Optional<Entry> found =
                asked.bundle().isEmpty() ? models.used(asked.name()) : models.find(asked.name(), asked.bundle());
        if (found.isEmpty()) {
            refuse(asked.replyTo(), asked.name(), asked.bundle());
        } else if (found.get().use == Use.USED && asked.unlessUsed()) {
            asked.replyTo().tell(done(found.get()));
            return Optional.empty();
        } else if (found.get().served.isEmpty()) {
            asked.replyTo().tell(failed(beingLoaded(asked.name())));
            return Optional.empty();
        } else if (found.get().use == Use.USED && models.used().size() == 1) {
            asked.replyTo()
                    .tell(failed(new Failure.Invalid(
                            "name",
                            "'" + asked.name()
                                    + "' is the only model that is served; load another one first, or stop the node")));
            return Optional.empty();
        }
        return found;
    }

    private void refuse(ActorRef<ModelChange> replyTo, String name, String bundle) {
        Failure failure = bundle.isEmpty()
                ? new Failure.UnknownModel(name, List.copyOf(models.used().keySet()))
                : new Failure.NotFound("model '" + name + "' has no bundle " + bundle + " here");
        replyTo.tell(failed(failure));
    }

    private static Failure beingLoaded(String name) {
        return new Failure.Overloaded("'" + name + "' is being loaded", 5);
    }

    static ModelChange done(Entry entry) {
        return new ModelChange(Optional.of(entry.model.info()), Optional.empty());
    }

    static ModelChange failed(Failure failure) {
        return new ModelChange(Optional.empty(), Optional.of(failure));
    }

    /** What is told of an error that opening a bundle ended in. */
    static Failure failureOf(Throwable cause) {
        Throwable reason = cause instanceof CompletionException && cause.getCause() != null ? cause.getCause() : cause;
        return reason instanceof FailureException known
                ? known.failure()
                : new Failure.Internal("the bundle could not be opened: " + reason);
    }
}
