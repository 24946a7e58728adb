package belle.node;

import belle.runtime.RuntimeConfig;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Bundles that are being opened on a thread of their own, so that whoever asked can start everything else meanwhile. */
public final class OpeningModels {
    private final CompletableFuture<List<HostedModel>> opened;

    private OpeningModels(CompletableFuture<List<HostedModel>> opened) {
        this.opened = opened;
    }

    /** Begins to open {@code bundles}; what is wrong with one is told by the node that they are given to. */
    public static OpeningModels begin(List<BundleSpec> bundles, RuntimeConfig config) {
        return new OpeningModels(CompletableFuture.supplyAsync(
                () -> HostedModel.openAll(bundles, config),
                work -> Thread.ofPlatform().daemon().name("open-models").start(work)));
    }

    /** The models, which the caller closes; all of them or the reason why not. */
    CompletionStage<List<HostedModel>> opened() {
        return opened;
    }
}
