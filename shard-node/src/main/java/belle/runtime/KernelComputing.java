package belle.runtime;

import belle.proto.bundle.Bundle;
import belle.proto.bundle.KvType;
import belle.proto.bundle.Manifest;
import belle.runtime.Provider.Computing;

/** Opens a bundle for our own operators: its ranks' graphs, each over a pool of blocks. */
final class KernelComputing {
    private KernelComputing() {}

    static Computing open(Bundle bundle, RuntimeConfig config) {
        Manifest manifest = bundle.manifest();
        KvLayout layout = KvLayout.within(
                config.kvCacheBytes(),
                manifest.architecture(),
                RankGroup.kvHeads(manifest, config.ranks().degree()),
                config.blockTokens(),
                config.kvCacheType().or(() -> KvType.of(manifest.kvCache())).orElseThrow());
        return new Computing(Provider.KERNELS, layout, layout.tokens(), RankGroup.open(bundle, layout, config));
    }
}
