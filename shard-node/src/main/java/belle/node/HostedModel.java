package belle.node;

import belle.node.BundleSpec.Origin;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.Prompt;
import belle.proto.SamplingParams;
import belle.proto.Tokens;
import belle.proto.bundle.Manifest;
import belle.proto.node.NodeQuery;
import belle.replica.BatchActor;
import belle.runtime.OpenModel;
import belle.runtime.RuntimeConfig;
import belle.session.Replicas;
import belle.session.ServedModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;

/** A model, the name it has on this node, and where it is from. */
record HostedModel(String name, BundleSpec spec, OpenModel model) {

    /**
     * Opens bundles, one after the other; all or none.
     *
     * @throws FailureException when one is broken or does not fit, or two have the same name
     */
    static List<HostedModel> openAll(List<BundleSpec> bundles, RuntimeConfig config) {
        List<HostedModel> opened = new ArrayList<>();
        try {
            for (BundleSpec spec : bundles) {
                HostedModel hosted = open(spec, config);
                opened.add(hosted);
                refuseTwins(opened, hosted.name());
            }
            return opened;
        } catch (RuntimeException e) {
            opened.forEach(hosted -> hosted.model.close());
            throw e;
        }
    }

    /**
     * Opens one bundle.
     *
     * @throws FailureException when it is broken or does not fit
     */
    static HostedModel open(BundleSpec spec, RuntimeConfig config) {
        OpenModel model = OpenModel.open(spec.directory(), config);
        return new HostedModel(spec.name().orElse(model.manifest().name()), spec, model);
    }

    private static void refuseTwins(List<HostedModel> opened, String name) {
        if (opened.stream().filter(hosted -> hosted.name.equals(name)).count() > 1) {
            throw new FailureException(
                    new Failure.Invalid("model", "two models are named '" + name + "'; give one of them another name"));
        }
    }

    /** What the node says of it. */
    NodeQuery.ModelInfo info() {
        Manifest manifest = model.manifest();
        Manifest.SamplingDefaults sampling = manifest.sampling();
        SamplingParams defaults = new SamplingParams(
                Integer.MAX_VALUE,
                sampling.temperature(),
                sampling.topK(),
                sampling.topP(),
                0,
                sampling.repetitionPenalty(),
                0,
                0,
                Map.of(),
                0,
                -1,
                List.of(),
                false,
                1);
        return new NodeQuery.ModelInfo(
                name,
                model.identity(),
                manifest.createdEpochSeconds(),
                model.contextTokens(),
                manifest.architecture().vocabulary(),
                manifest.architecture().family(),
                manifest.weights(),
                spec.origin() == Origin.EMBEDDED,
                true,
                defaults,
                model.layout().type().bits(),
                spec.origin() == Origin.LOADED ? spec.directory().toString() : "");
    }

    /** The same model as sessions see it. */
    ServedModel served(List<ActorRef<BatchActor.Command>> replicas) {
        return new ServedModel(
                name,
                model.identity(),
                model.contextTokens(),
                model.manifest().architecture().vocabulary(),
                this::encode,
                new Replicas(replicas));
    }

    /** Tells whether it is the bundle of a name that {@code bundle} names. */
    boolean is(String otherName, String bundle) {
        return name.equals(otherName) && model.identity().equals(bundle);
    }

    Tokens encode(Prompt prompt) {
        return model.encode(prompt);
    }
}
