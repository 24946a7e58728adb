package belle.session;

import belle.engine.GenerationRequest;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.Prompt;
import belle.proto.SamplingParams;
import belle.proto.Tokens;
import belle.proto.session.SessionCommand.Generate;
import java.util.Optional;

/**
 * A model as a session sees it.
 *
 * @param bundle what decides its tokens, bit for bit
 * @param contextTokens most tokens of one sequence, prompt and output
 * @param vocabulary ids in a prompt or a bias must be below it
 * @param replicas compute its streams
 */
public record ServedModel(
        String name, String bundle, int contextTokens, int vocabulary, PromptEncoder encoder, Replicas replicas) {

    /** Turns a prompt into ids: renders the conversation and tokenises. Any thread may call it. */
    @FunctionalInterface
    public interface PromptEncoder {
        /**
         * Returns the ids.
         *
         * @throws FailureException with {@link Failure.Invalid} when the prompt cannot be rendered
         */
        Tokens encode(Prompt prompt);
    }

    /** Either what to compute, or why not. */
    sealed interface Checked {
        /** The request in tokens, with {@code maxTokens} resolved. */
        record Fine(ServedModel model, GenerationRequest request) implements Checked {}

        /** Nothing was computed. */
        record Wrong(Failure failure) implements Checked {}
    }

    /** Checks a request as far as it can be without the queue: ranges, ids, length. */
    Checked check(Generate generate) {
        var problems = generate.params().problems();
        if (!problems.isEmpty()) {
            return new Checked.Wrong(problems.getFirst());
        }
        Tokens prompt;
        try {
            prompt = encoder.encode(generate.prompt());
        } catch (FailureException e) {
            return new Checked.Wrong(e.failure());
        }
        SamplingParams params = fitted(generate.params(), prompt.size());
        Optional<Failure> wrong =
                wrongPrompt(prompt).or(() -> wrongBias(params)).or(() -> tooLong(prompt, params));
        return wrong.<Checked>map(Checked.Wrong::new)
                .orElseGet(() -> new Checked.Fine(
                        this,
                        new GenerationRequest(
                                generate.stream(), prompt, params, generate.tenant(), generate.echoPrompt())));
    }

    /** As many tokens as the context holds, at least one, when the request asks for no number. */
    private SamplingParams fitted(SamplingParams params, int promptTokens) {
        return params.maxTokens() == Integer.MAX_VALUE
                ? params.withMaxTokens(Math.max(1, contextTokens - promptTokens))
                : params;
    }

    private Optional<Failure> wrongPrompt(Tokens prompt) {
        if (prompt.isEmpty()) {
            return Optional.of(new Failure.Invalid("prompt", "prompt must have at least one token, but is empty"));
        }
        for (int i = 0; i < prompt.size(); i++) {
            if (prompt.get(i) < 0 || prompt.get(i) >= vocabulary) {
                String param = "prompt[" + i + "]";
                return Optional.of(new Failure.Invalid(
                        param, param + " must be a token id below " + vocabulary + ", but is " + prompt.get(i)));
            }
        }
        return Optional.empty();
    }

    private Optional<Failure> wrongBias(SamplingParams params) {
        return params.logitBias().keySet().stream()
                .filter(id -> id < 0 || id >= vocabulary)
                .findFirst()
                .map(id -> new Failure.Invalid(
                        "logit_bias." + id, "logit_bias." + id + " must name a token id below " + vocabulary));
    }

    private Optional<Failure> tooLong(Tokens prompt, SamplingParams params) {
        return (long) prompt.size() + params.maxTokens() > contextTokens
                ? Optional.of(new Failure.TooLong(prompt.size(), params.maxTokens(), contextTokens))
                : Optional.empty();
    }
}
