package belle.runtime;

import belle.engine.KvCache;
import belle.engine.ModelFacts;
import belle.proto.Prompt;
import belle.proto.Tokens;
import belle.proto.bundle.Bundle;
import belle.proto.bundle.KvType;
import belle.proto.bundle.Manifest;
import belle.proto.bundle.Verification;
import belle.text.PromptRenderer;
import belle.text.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A bundle opened for computing: its tokenizer, and its ranks. Closes both.
 *
 * @param manifest what the bundle says of itself
 * @param layout of the key/value cache of all ranks together
 */
public record OpenModel(
        Manifest manifest, Tokenizer tokenizer, PromptRenderer renderer, KvLayout layout, StepRunner runner)
        implements AutoCloseable {

    /**
     * Opens a bundle; blocks for as long as its files are read and checked.
     *
     * @throws belle.proto.FailureException {@code Broken} when the bundle is damaged, {@code Invalid} when the
     *     configuration does not fit it
     */
    public static OpenModel open(Path directory, RuntimeConfig common) {
        Bundle bundle = Bundle.open(directory, Verification.UNLESS_STAMPED);
        Manifest manifest = bundle.manifest();
        RuntimeConfig config = common.of(manifest.name());
        KvLayout layout = KvLayout.within(
                config.kvCacheBytes(),
                manifest.architecture(),
                RankGroup.kvHeads(manifest, config.tensorParallel()),
                config.blockTokens(),
                config.kvCacheType().or(() -> KvType.of(manifest.kvCache())).orElseThrow());
        // Both take their time, and neither needs the other.
        var opening = Beside.run("open-tokenizer", () -> Tokenizer.open(bundle.file(Manifest.TOKENIZER_FILE)));
        @Nullable StepRunner runner = null;
        try {
            runner = RankGroup.open(bundle, layout, config);
            Tokenizer tokenizer = opening.result();
            return new OpenModel(
                    manifest,
                    tokenizer,
                    PromptRenderer.of(tokenizer, manifest.template(), manifest.bosIds(), manifest.eosIds()),
                    layout,
                    runner);
        } catch (RuntimeException e) {
            opening.discard(Tokenizer::close);
            if (runner != null) {
                runner.close();
            }
            throw e;
        }
    }

    /** What the engine must know of the model. */
    public ModelFacts facts() {
        Manifest.Architecture architecture = manifest.architecture();
        return new ModelFacts(
                architecture.vocabulary(),
                architecture.tokens(),
                architecture.contextTokens(),
                tokens(manifest.eosIds()),
                tokenizer.vocabulary());
    }

    /** The empty books of the cache. */
    public KvCache emptyCache() {
        return new KvCache(layout.blocks(), layout.blockTokens());
    }

    /** Returns a prompt's ids: a conversation is rendered, a text begun with the tokenizer's own special tokens. */
    public Tokens encode(Prompt prompt) {
        return renderer.render(prompt);
    }

    @Override
    public void close() {
        runner.close();
        tokenizer.close();
    }

    private static Tokens tokens(List<Integer> ids) {
        return Tokens.of(ids.stream().mapToInt(Integer::intValue).toArray());
    }
}
