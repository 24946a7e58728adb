package belle.runtime;

import belle.kernels.OrtLibraries;
import belle.ort.CudaDevice;
import belle.ort.CudaRuntime;
import belle.ort.Device;
import belle.ort.OrtFailure;
import belle.ort.OrtSession;
import belle.ort.ProcessorDevice;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.bundle.Bundle;
import belle.proto.bundle.KvType;
import belle.proto.bundle.Manifest;
import belle.proto.bundle.Manifest.Architecture;
import belle.proto.bundle.WeightType;
import belle.runtime.Provider.Computing;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens a bundle's portable graph on a device: a session, and slots in the device's memory. */
final class PortableComputing {
    private static final Logger LOG = LoggerFactory.getLogger(PortableComputing.class);

    private PortableComputing() {}

    static Computing onProcessor(Bundle bundle, RuntimeConfig config) {
        return open(Provider.PORTABLE, bundle, config, new ProcessorDevice());
    }

    /** Without a GPU or its libraries the processor's kernels compute, if that is allowed. */
    static Computing onCuda(Bundle bundle, RuntimeConfig config) {
        Optional<String> missing = CudaRuntime.missing(OrtLibraries.folder());
        if (missing.isEmpty()) {
            return open(Provider.CUDA, bundle, config, cuda(bundle, config));
        }
        if (config.accelerator().fallback()) {
            LOG.warn("no CUDA here, the processor computes: {}", missing.get());
            return Provider.KERNELS.open(bundle, config);
        }
        throw new FailureException(new Failure.Unavailable(
                "provider cuda: " + missing.get() + "; to go on with the processor, say --provider-fallback"));
    }

    /** The device that is asked for, if weights, cache and a step fit into what is free there. */
    private static CudaDevice cuda(Bundle bundle, RuntimeConfig config) {
        AcceleratorConfig accelerator = config.accelerator();
        int devices = CudaRuntime.devices();
        if (accelerator.device() >= devices) {
            throw new FailureException(new Failure.Invalid(
                    "belle.node.runtime.device",
                    "belle.node.runtime.device must be below " + devices + ", the number of CUDA devices, but is "
                            + accelerator.device()));
        }
        requirePortable(bundle);
        long weights = Objects.requireNonNull(bundle.manifest().files().get(Manifest.PORTABLE_WEIGHTS_FILE))
                .bytes();
        long work = weights + accelerator.workBytes();
        KvLayout layout = layout(bundle.manifest(), config);
        long cache = layout.blocks() * SlotPool.slotBytes(layout);
        long free = CudaRuntime.freeBytes(accelerator.device());
        if (work + cache > free) {
            throw new FailureException(new Failure.Invalid(
                    "belle.node.runtime.kv-cache-bytes",
                    "CUDA device " + accelerator.device() + " has " + free + " bytes free, but weights take " + weights
                            + ", the cache " + cache + " (belle.node.runtime.kv-cache-bytes) and a step "
                            + accelerator.workBytes() + " (belle.node.runtime.device-work-bytes)"));
        }
        return new CudaDevice(accelerator.device(), work);
    }

    private static Computing open(Provider provider, Bundle bundle, RuntimeConfig config, Device device) {
        requirePortable(bundle);
        requireOneRank(provider, config);
        CLibrary.setEnvironment("ORT_DISABLE_TELEMETRY", "1");
        Manifest manifest = bundle.manifest();
        Path graph = bundle.file(Manifest.PORTABLE_GRAPH_FILE);
        try {
            SlotPool pool = SlotPool.reserve(device, layout(manifest, config));
            try {
                OrtSession session = OrtSession.open(
                        OrtLibraries.folder().resolve(OrtLibraries.RUNTIME), graph, device, config.threads());
                PortableRank rank =
                        new PortableRank(session, pool, manifest.architecture().vocabulary());
                return new Computing(provider, pool.layout(), pool.sequenceTokens(), rank);
            } catch (RuntimeException e) {
                pool.close();
                throw e;
            }
        } catch (OrtFailure e) {
            throw new FailureException(
                    new Failure.Broken(
                            graph.toString(),
                            "graph",
                            "provider " + provider.label() + " refuses it: " + e.getMessage()),
                    e);
        }
    }

    /** As many slots as fit; each holds a sequence as long as the model, or the configuration, allows. */
    private static KvLayout layout(Manifest manifest, RuntimeConfig config) {
        Architecture architecture = manifest.architecture();
        int asked = config.accelerator().slotTokens();
        int tokens = asked == 0 ? architecture.contextTokens() : Math.min(asked, architecture.contextTokens());
        KvLayout one = new KvLayout(
                architecture.layers(),
                1,
                architecture.kvHeads(),
                architecture.headDim(),
                tokens,
                type(manifest, config));
        long slots = config.kvCacheBytes() / SlotPool.slotBytes(one);
        if (slots == 0) {
            throw new FailureException(new Failure.Invalid(
                    "belle.node.runtime.kv-cache-bytes",
                    "belle.node.runtime.kv-cache-bytes must be at least " + SlotPool.slotBytes(one)
                            + " for a slot of " + tokens
                            + " tokens of this model (belle.node.runtime.slot-tokens), but is "
                            + config.kvCacheBytes()));
        }
        int most = Integer.MAX_VALUE / tokens;
        return new KvLayout(
                one.layers(), (int) Math.min(slots, most), one.kvHeads(), one.headDim(), tokens, one.type());
    }

    /** The graph's own: its cache has the type in which it computes. */
    private static KvType type(Manifest manifest, RuntimeConfig config) {
        KvType own = manifest.weights().equals(WeightType.F32.label()) ? KvType.F32 : KvType.F16;
        config.kvCacheType().filter(asked -> asked != own).ifPresent(asked -> {
            throw new FailureException(new Failure.Invalid(
                    "belle.node.runtime.kv-cache-type",
                    "belle.node.runtime.kv-cache-type must be bundle or " + own.label() + " for the portable graph of "
                            + manifest.weights() + " weights, but is " + asked.label()));
        });
        return own;
    }

    private static void requireOneRank(Provider provider, RuntimeConfig config) {
        if (config.ranks().degree() != 1 || config.ranks().processes()) {
            throw new FailureException(new Failure.Invalid(
                    "tensor-parallel",
                    "provider " + provider.label()
                            + " computes on one rank in the node's process: --tensor-parallel must be 1"
                            + " and --rank-processes off, but they are "
                            + config.ranks().degree() + " and "
                            + (config.ranks().processes() ? "on" : "off")));
        }
    }

    private static void requirePortable(Bundle bundle) {
        if (!bundle.manifest().hasPortableGraph()) {
            throw new FailureException(new Failure.Invalid(
                    "belle.node.runtime.provider",
                    "bundle " + bundle.dir()
                            + " has no portable graph; export it again with --portable, or use provider "
                            + Provider.KERNELS.label()));
        }
    }
}
