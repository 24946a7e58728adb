package belle.engine;

import belle.proto.Tokens;
import java.util.ArrayList;
import java.util.List;

/** Runs one request with a whole pool to itself, its prompt in one piece, and nothing in the cache. */
final class Alone {
    static final int CONTEXT = 64;
    static final ModelFacts MODEL =
            new ModelFacts(Letters.ROW, Letters.TOKENS, CONTEXT, Tokens.of(Letters.END), new Letters());

    private Alone() {}

    static Transcript run(GenerationRequest request) {
        var told = new Transcript();
        outputs(request).forEach(told::add);
        return told;
    }

    /** Returns everything that the stream is told, in order. */
    static List<Output> outputs(GenerationRequest request) {
        var model = new HashModel(64, 16);
        var engine = new Engine(new EngineConfig(16, 0, 1024, 1024, 1024), MODEL, new KvCache(64, 16));
        List<Output> told = new ArrayList<>();
        engine.submit(request, 1).ifPresent(failure -> {
            throw new AssertionError(failure.message());
        });
        told.addAll(engine.takeSettled());
        for (var step = engine.nextStep(); step.isPresent(); step = engine.nextStep()) {
            told.addAll(engine.complete(step.get(), model.run(step.get())));
        }
        return told;
    }
}
