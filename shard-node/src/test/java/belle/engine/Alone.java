package belle.engine;

import belle.proto.Tokens;

/** Runs one request with a whole pool to itself, its prompt in one piece, and nothing in the cache. */
final class Alone {
    static final int CONTEXT = 64;
    static final ModelFacts MODEL =
            new ModelFacts(Letters.ROW, Letters.TOKENS, CONTEXT, Tokens.of(Letters.END), new Letters());

    private Alone() {}

    static Transcript run(GenerationRequest request) {
        var model = new HashModel(64, 16);
        var engine = new Engine(new EngineConfig(16, 0, 1024, 1024, 1024), MODEL, new KvCache(64, 16));
        var told = new Transcript();
        engine.submit(request, 1).ifPresent(failure -> {
            throw new AssertionError(failure.message());
        });
        for (var step = engine.nextStep(); step.isPresent(); step = engine.nextStep()) {
            engine.complete(step.get(), model.run(step.get())).forEach(told::add);
        }
        return told;
    }
}
