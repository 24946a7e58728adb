package belle.gateway.api;

import static belle.gateway.schema.Field.optional;
import static belle.gateway.schema.Field.required;
import static belle.gateway.schema.Shape.anyOf;
import static belle.gateway.schema.Shape.list;
import static belle.gateway.schema.Shape.struct;
import static belle.gateway.schema.Shape.text;
import static belle.gateway.schema.Shape.word;

import belle.gateway.schema.Field;
import belle.gateway.schema.Shape;
import belle.proto.SamplingParams;
import java.util.List;
import java.util.stream.Stream;

/** Every field of every request body: the one table that validation and the OpenAPI document both come from. */
public final class RequestFields {
    /** Most prompts of one completion request. */
    public static final int MAX_PROMPTS = 64;

    static final int MAX_MESSAGES = 4096;
    static final int MAX_STOP_CHARACTERS = 256;

    private static final Shape NAME = new Shape.Text(1, 256);
    private static final Shape TOKEN = new Shape.Whole(0, Integer.MAX_VALUE);
    private static final Shape TOKENS = new Shape.ListOf(TOKEN, 1, Integer.MAX_VALUE);
    private static final Shape STOP = new Shape.Text(1, MAX_STOP_CHARACTERS);
    private static final Shape COUNT = new Shape.Whole(0, Integer.MAX_VALUE);

    /** What a session id may be, in a header, a field or a path. */
    public static final Shape.Pattern SESSION =
            new Shape.Pattern(SessionNames.REGEX, "a session id: 1 to 128 letters, digits, '.', '_', ':' or '-'");

    private static final Shape.Struct PART = struct(
            "ContentPart",
            required("type", word("text"), "Only text parts are understood."),
            required("text", text(), "The part's text."));
    private static final Shape.Struct MESSAGE = struct(
            "ChatMessage",
            required("role", word("system", "developer", "user", "assistant"), "Who speaks; developer means system."),
            optional(
                    "content",
                    anyOf(text(), new Shape.ListOf(PART, 0, 1024)),
                    "What is said; parts are joined by line breaks. Special tokens in it are plain text."));
    private static final Shape MESSAGES = new Shape.ListOf(MESSAGE, 1, MAX_MESSAGES);
    private static final Field MODEL = required("model", NAME, "A model's id, as /v1/models lists it.");

    private static final List<Field> SAMPLING = List.of(
            optional("max_tokens", COUNT, "Most tokens to generate for each choice."),
            optional("max_completion_tokens", COUNT, "Newer name of max_tokens; wins over it."),
            optional("temperature", new Shape.Decimal(0, 2), "0 is greedy."),
            optional("top_p", new Shape.Decimal(0, 1), "Smallest set of tokens with this much probability; 1 is off."),
            optional("top_k", COUNT, "Draws among this many most probable tokens; 0 is off."),
            optional("min_p", new Shape.Decimal(0, 1), "Least probability relative to the most probable; 0 is off."),
            optional("n", new Shape.Whole(1, SamplingParams.MAX_CHOICES), "Choices to generate."),
            optional(
                    "seed",
                    new Shape.Whole(Long.MIN_VALUE, Long.MAX_VALUE),
                    "The same seed and request give the same answer. Without it one is drawn; see X-Seed."),
            optional(
                    "stop",
                    anyOf(STOP, new Shape.ListOf(STOP, 0, SamplingParams.MAX_STOP_STRINGS)),
                    "Texts that end a choice; they are not part of it."),
            optional("stream", new Shape.Flag(), "Answers as server-sent events while tokens are generated."),
            optional(
                    "stream_options",
                    struct(
                            "StreamOptions",
                            optional(
                                    "include_usage",
                                    new Shape.Flag(),
                                    "Ends the stream with an event of token counts.")),
                    "Options of a stream."),
            optional(
                    "logit_bias",
                    new Shape.MapOf(
                            new Shape.Pattern("[0-9]{1,9}", "token ids"),
                            new Shape.Decimal(-100, 100),
                            SamplingParams.MAX_LOGIT_BIASES),
                    "Added to the logits of tokens, by id."),
            optional(
                    "presence_penalty",
                    new Shape.Decimal(-2, 2),
                    "Subtracted from logits of tokens already generated."),
            optional("frequency_penalty", new Shape.Decimal(-2, 2), "Subtracted for each time a token was generated."),
            optional(
                    "repetition_penalty",
                    new Shape.Decimal(0.01, 10),
                    "Divides positive and multiplies negative logits of tokens in prompt or answer; 1 is off."),
            optional("ignore_eos", new Shape.Flag(), "Goes on after the model's end token."),
            optional("user", text(), "Whom the work is for; fairness between users, where no API keys are set."),
            optional("session_id", SESSION, "As the X-Session-Id header, which wins over it."));

    /** {@code POST /v1/chat/completions}. */
    public static final Shape.Struct CHAT = with(
            "ChatCompletionRequest",
            SAMPLING,
            MODEL,
            required("messages", MESSAGES, "The conversation so far."),
            optional("logprobs", new Shape.Flag(), "Reports each token's log-probability."),
            optional(
                    "top_logprobs",
                    new Shape.Whole(0, SamplingParams.MAX_TOP_LOGPROBS),
                    "Alternatives to report for each token; only with logprobs."));

    /** {@code POST /v1/completions}. */
    public static final Shape.Struct COMPLETION = with(
            "CompletionRequest",
            SAMPLING,
            MODEL,
            required(
                    "prompt",
                    anyOf(
                            text(),
                            new Shape.ListOf(text(), 1, MAX_PROMPTS),
                            TOKENS,
                            new Shape.ListOf(TOKENS, 1, MAX_PROMPTS)),
                    "A text, token ids, or a list of either."),
            optional("echo", new Shape.Flag(), "Puts the prompt before the answer."),
            optional(
                    "logprobs",
                    new Shape.Whole(0, SamplingParams.MAX_TOP_LOGPROBS),
                    "Reports each token's log-probability and this many alternatives."));

    /** {@code POST /tokenize}; a text wins where both are given. */
    public static final Shape TOKENIZE = anyOf(
            struct("TokenizeTextRequest", MODEL, required("prompt", text(), "A text.")),
            struct("TokenizeChatRequest", MODEL, required("messages", MESSAGES, "A conversation.")));

    /** {@code POST /detokenize}. */
    public static final Shape.Struct DETOKENIZE =
            struct("DetokenizeRequest", MODEL, required("tokens", list(TOKEN), "Token ids."));

    private RequestFields() {}

    private static Shape.Struct with(String name, List<Field> shared, Field... own) {
        return new Shape.Struct(
                name, Stream.concat(Stream.of(own), shared.stream()).toList());
    }
}
