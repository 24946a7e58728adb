package belle.runtime;

import belle.engine.KvCache;
import belle.engine.ModelFacts;
import belle.proto.Prompt;
import belle.proto.Tokens;
import belle.proto.bundle.Bundle;
import belle.proto.bundle.Manifest;
import belle.proto.bundle.Verification;
import belle.text.PromptRenderer;
import belle.text.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A bundle opened for computing: its tokenizer, and the ranks of its replicas. Closes all.
 *
 * @param manifest what the bundle says of itself
 * @param provider that computes; not the configured one where that was not there and another was allowed
 * @param layout of a replica's key/value cache, of all its ranks together
 * @param sequenceTokens most tokens of one sequence that the cache has room for
 * @param runners one a replica, at least one
 */
public record OpenModel(
        Manifest manifest,
        Tokenizer tokenizer,
        PromptRenderer renderer,
        Provider provider,
        KvLayout layout,
        int sequenceTokens,
        List<StepRunner> runners)
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
        // Both take their time, and neither needs the other.
        var opening = Beside.run("open-tokenizer", () -> Tokenizer.open(bundle.file(Manifest.TOKENIZER_FILE)));
        List<Provider.Computing> replicas = new ArrayList<>();
        try {
            for (RuntimeConfig replica : common.replicasOf(manifest.name())) {
                replicas.add(common.accelerator().provider().open(bundle, replica));
            }
            Provider.Computing first = replicas.getFirst();
            Tokenizer tokenizer = opening.result();
            return new OpenModel(
                    manifest,
                    tokenizer,
                    PromptRenderer.of(tokenizer, manifest.template(), manifest.bosIds(), manifest.eosIds()),
                    first.provider(),
                    first.layout(),
                    first.sequenceTokens(),
                    replicas.stream().map(Provider.Computing::runner).toList());
        } catch (RuntimeException e) {
            opening.discard(Tokenizer::close);
            replicas.forEach(replica -> replica.runner().close());
            throw e;
        }
    }

    /** Runs the steps of the first replica. */
    public StepRunner runner() {
        return runners.getFirst();
    }

    /** Most tokens of one sequence: the model's context, or what the cache has room for. */
    public int contextTokens() {
        return Math.min(manifest.architecture().contextTokens(), sequenceTokens);
    }

    /** What decides the tokens, bit for bit: the bundle's content, and the provider where that has an order of its own. */
    public String identity() {
        String content = manifest.contentHash();
        return provider == Provider.KERNELS ? content : content + " on " + provider.label();
    }

    /** What the engine must know of the model. */
    public ModelFacts facts() {
        Manifest.Architecture architecture = manifest.architecture();
        return new ModelFacts(
                architecture.vocabulary(),
                architecture.tokens(),
                contextTokens(),
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
        runners.forEach(StepRunner::close);
        tokenizer.close();
    }

    private static Tokens tokens(List<Integer> ids) {
        return Tokens.of(ids.stream().mapToInt(Integer::intValue).toArray());
    }
}
