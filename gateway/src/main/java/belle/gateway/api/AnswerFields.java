package belle.gateway.api;

import static belle.gateway.schema.Field.required;
import static belle.gateway.schema.Shape.list;
import static belle.gateway.schema.Shape.struct;
import static belle.gateway.schema.Shape.text;
import static belle.gateway.schema.Shape.word;

import belle.gateway.schema.Shape;

/** Every field of every answer, for the OpenAPI document. */
final class AnswerFields {
    private static final Shape COUNT = new Shape.Whole(0, Integer.MAX_VALUE);
    private static final Shape TIME = new Shape.Whole(0, Long.MAX_VALUE);
    private static final Shape NUMBER = new Shape.Decimal(-Double.MAX_VALUE, Double.MAX_VALUE);
    private static final Shape REASON = word("stop", "length");
    private static final Shape TEXT_OR_NULL = new Shape.OrNull(text());

    static final Shape.Struct ERROR = struct(
            "Error",
            required(
                    "error",
                    struct(
                            "ErrorDetails",
                            required("message", text(), "One sentence that names the thing, the limit and the value."),
                            required("type", text(), "The kind of error."),
                            required("param", TEXT_OR_NULL, "The field at fault."),
                            required("code", TEXT_OR_NULL, "A word for programs.")),
                    "What went wrong."));

    private static final Shape.Struct USAGE = struct(
            "Usage",
            required("prompt_tokens", COUNT, "Tokens of the prompts."),
            required("completion_tokens", COUNT, "Generated tokens of all choices."),
            required("total_tokens", COUNT, "Both."),
            required(
                    "prompt_tokens_details",
                    struct("PromptTokensDetails", required("cached_tokens", COUNT, "Those found in the cache.")),
                    "More about the prompts' tokens."));

    private static final Shape CHAT_LOGPROBS = new Shape.OrNull(struct(
            "ChatLogprobs", required("content", list(new Shape.Any()), "One entry per token, as OpenAI has it.")));
    private static final Shape LEGACY_LOGPROBS = new Shape.OrNull(struct(
            "CompletionLogprobs",
            required("tokens", list(text()), "Each token's text."),
            required("token_logprobs", list(new Shape.OrNull(NUMBER)), "Each token's log-probability."),
            required("top_logprobs", list(new Shape.Any()), "Alternatives at each place."),
            required("text_offset", list(COUNT), "Where each token's text begins, in characters.")));

    static final Shape.Struct CHAT = struct(
            "ChatCompletion",
            required("id", text(), "The answer's id."),
            required("object", word("chat.completion"), "Always this."),
            required("created", TIME, "Seconds since 1970."),
            required("model", text(), "The model that answered."),
            required(
                    "choices",
                    list(struct(
                            "ChatChoice",
                            required("index", COUNT, "From 0."),
                            required(
                                    "message",
                                    struct(
                                            "AssistantMessage",
                                            required("role", word("assistant"), "Always this."),
                                            required("content", text(), "What the model says."),
                                            required("refusal", TEXT_OR_NULL, "Always null.")),
                                    "The answer."),
                            required("logprobs", CHAT_LOGPROBS, "When asked for."),
                            required("finish_reason", REASON, "Why it ended."))),
                    "As many as n."),
            required("usage", USAGE, "Tokens counted."));

    static final Shape.Struct COMPLETION = struct(
            "Completion",
            required("id", text(), "The answer's id."),
            required("object", word("text_completion"), "Always this."),
            required("created", TIME, "Seconds since 1970."),
            required("model", text(), "The model that answered."),
            required(
                    "choices",
                    list(struct(
                            "CompletionChoice",
                            required("index", COUNT, "Prompt by prompt, n each."),
                            required("text", text(), "What the model goes on with."),
                            required("logprobs", LEGACY_LOGPROBS, "When asked for."),
                            required("finish_reason", REASON, "Why it ended."))),
                    "n for each prompt."),
            required("usage", USAGE, "Tokens counted."));

    static final Shape.Struct MODEL = struct(
            "Model",
            required("id", text(), "Its name in requests."),
            required("object", word("model"), "Always this."),
            required("created", TIME, "When its bundle was made, in seconds since 1970."),
            required("owned_by", text(), "Always belle."),
            required("max_model_len", COUNT, "Tokens that its context holds."),
            required("vocabulary", COUNT, "Token ids are below this."),
            required("architecture", text(), "Its family."),
            required("weights", text(), "How its matrices are stored."),
            required("embedded", new Shape.Flag(), "It is the small model that ships with the program."),
            required("chat", new Shape.Flag(), "It has a prompt template for conversations."),
            required(
                    "defaults",
                    struct(
                            "SamplingDefaults",
                            required("temperature", NUMBER, "As in requests."),
                            required("top_p", NUMBER, "As in requests."),
                            required("top_k", COUNT, "As in requests."),
                            required("repetition_penalty", NUMBER, "As in requests.")),
                    "What a request that says nothing gets."));

    static final Shape.Struct MODELS = struct(
            "ModelList",
            required("object", word("list"), "Always this."),
            required("data", list(MODEL), "All models, by id."));

    static final Shape.Struct TOKENIZED = struct(
            "Tokenized",
            required("count", COUNT, "Number of tokens."),
            required("max_model_len", COUNT, "Tokens that the model's context holds."),
            required("tokens", list(COUNT), "The ids that a generation would begin with."),
            required("pieces", list(text()), "Each token's text."));

    static final Shape.Struct DETOKENIZED = struct(
            "Detokenized",
            required("text", text(), "The text, special tokens left out."),
            required("prompt", text(), "The same."));

    static final Shape.Struct SESSION = struct(
            "Session",
            required("id", text(), "The conversation's name."),
            required("object", word("session"), "Always this."),
            required(
                    "turns",
                    list(struct(
                            "Turn",
                            required("stream", text(), "The stream, for /v1/streams."),
                            required("model", text(), "The model that answers."),
                            required(
                                    "state",
                                    word("running", "open", "finished", "failed"),
                                    "Open: whoever asks for the stream is given the rest."),
                            required("created", TIME, "When it began, in seconds since 1970."),
                            required("ended", new Shape.OrNull(TIME), "When it ended."),
                            required("answers", list(text()), "The text of each choice of a finished turn."))),
                    "The oldest first."));

    static final Shape.Struct STATUS = struct("Status", required("status", text(), "live or ready."));

    private AnswerFields() {}
}
