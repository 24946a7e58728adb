package belle.faults.simulation;

import belle.engine.Engine;
import belle.engine.EngineConfig;
import belle.engine.GenerationRequest;
import belle.engine.KvCache;
import belle.engine.Output;
import belle.engine.Step;
import belle.faults.history.Answer;
import belle.faults.history.Piece;
import java.util.Optional;

/** What a request says where nothing is disturbed: an engine of its own, and nothing between it and the answer. */
final class Undisturbed {
    private static final int BLOCKS = 64;
    private static final int BLOCK_TOKENS = 8;
    private static final EngineConfig ALONE = new EngineConfig(16, 16, 64, 64, 64);

    private final Told told = new Told();
    private final Collected collected = new Collected();
    private int promptTokens;
    private int completionTokens;

    private Undisturbed() {}

    static Answer answer(Wanted wanted) {
        var model = new TinyModel(BLOCKS, BLOCK_TOKENS);
        var engine = new Engine(ALONE, TinyModel.FACTS, new KvCache(BLOCKS, BLOCK_TOKENS));
        engine.submit(new GenerationRequest("alone", wanted.prompt(), wanted.params(), "tenant", wanted.echo()), 1)
                .ifPresent(failure -> {
                    throw new IllegalStateException(failure.message());
                });
        var undisturbed = new Undisturbed();
        for (Optional<Step> step = engine.nextStep(); step.isPresent(); step = engine.nextStep()) {
            engine.complete(step.get(), model.run(step.get())).forEach(undisturbed::add);
        }
        return undisturbed.collected.answer(undisturbed.promptTokens, undisturbed.completionTokens);
    }

    private void add(Output output) {
        switch (output) {
            case Output.PromptScored(var _, var tokens) -> {
                Piece.Text echo = Wanted.echoed(tokens, told);
                collected.add(0, echo.text(), echo.logprobs());
            }
            case Output.Token token -> {
                int choice = token.id().choice();
                collected.add(
                        choice,
                        token.text(),
                        told.next(choice, token.logprob().stream().toList()));
            }
            case Output.Finished(var id, var text, var reason) -> {
                collected.finish(id.choice(), text, Wanted.reason(reason));
            }
            case Output.Done(var _, var usage) -> {
                promptTokens = usage.promptTokens();
                completionTokens = usage.completionTokens();
            }
            case Output.Failed(var _, var failure) -> throw new IllegalStateException(failure.message());
        }
    }
}
