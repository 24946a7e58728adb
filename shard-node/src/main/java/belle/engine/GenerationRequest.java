package belle.engine;

import belle.proto.SamplingParams;
import belle.proto.Tokens;

/**
 * What to generate: {@code params.n()} choices that continue one prompt.
 *
 * @param stream unique among the streams that have not ended
 * @param prompt at least one id
 * @param tenant whom the work is counted for
 * @param echoPrompt also report the prompt's own log-probabilities; its logits are then computed, not found in the cache
 */
public record GenerationRequest(
        String stream, Tokens prompt, SamplingParams params, String tenant, boolean echoPrompt) {}
