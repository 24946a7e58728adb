package belle.engine;

import belle.proto.SamplingParams;
import belle.proto.Tokens;
import java.util.List;

/**
 * What to generate: {@code params.n()} choices that continue one prompt.
 *
 * @param stream unique among the streams that have not ended
 * @param prompt at least one id
 * @param tenant whom the work is counted for
 * @param echoPrompt also report the prompt's own log-probabilities; its logits are then computed, not found in the cache
 * @param given tokens of each choice that were generated before, perhaps elsewhere: they are taken for drawn, and only
 *     what follows them is reported. Empty when nothing was; nobody has to be told of the prompt any more if something was
 */
public record GenerationRequest(
        String stream, Tokens prompt, SamplingParams params, String tenant, boolean echoPrompt, List<Tokens> given) {
    public GenerationRequest {
        given = List.copyOf(given);
    }

    /** A request of which nothing has been generated. */
    public GenerationRequest(String stream, Tokens prompt, SamplingParams params, String tenant, boolean echoPrompt) {
        this(stream, prompt, params, tenant, echoPrompt, List.of());
    }

    /** The same under another name. */
    public GenerationRequest named(String name) {
        return new GenerationRequest(name, prompt, params, tenant, echoPrompt, given);
    }

    /** The same behind tokens that were generated before. */
    public GenerationRequest behind(List<Tokens> tokens) {
        return new GenerationRequest(stream, prompt, params, tenant, echoPrompt, tokens);
    }

    /** Whether the prompt's log-probabilities are still to be reported. */
    boolean scoresPrompt() {
        return echoPrompt && given.isEmpty();
    }
}
