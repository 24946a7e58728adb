package belle.runtime;

import belle.kernels.Kernels;
import belle.proto.bundle.Bundle;
import belle.proto.bundle.KvType;
import belle.proto.bundle.Manifest;
import belle.runtime.Provider.Computing;

/** Opens a bundle for our own operators: its rank's graph over a pool of blocks. */
final class KernelComputing {
    private KernelComputing() {}

    static Computing open(Bundle bundle, RuntimeConfig config) {
        Manifest manifest = bundle.manifest();
        KvPool pool = KvPool.reserve(KvLayout.within(
                config.kvCacheBytes(),
                manifest.architecture(),
                config.blockTokens(),
                config.kvCacheType().or(() -> KvType.of(manifest.kvCache())).orElseThrow()));
        try {
            OrtRank rank = OrtRank.open(
                    bundle.graph(0, 1),
                    Kernels.library(),
                    pool,
                    manifest.architecture().vocabulary(),
                    config);
            return new Computing(Provider.KERNELS, pool, rank);
        } catch (RuntimeException e) {
            pool.close();
            throw e;
        }
    }
}
