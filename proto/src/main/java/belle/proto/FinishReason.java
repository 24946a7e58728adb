package belle.proto;

/** Why a choice ended, in OpenAI's words. */
public enum FinishReason {
    /** The model gave an end token, or a stop string was found. */
    STOP,
    /** The token limit of the request or the context length was reached. */
    LENGTH
}
