package belle.client;

/** The two calls of OpenAI's interface that give text. */
public enum Api {
    /** {@code /v1/completions}: the prompt is continued. */
    COMPLETION("/completions"),
    /** {@code /v1/chat/completions}: the prompt is a user's message. */
    CHAT("/chat/completions");

    private final String path;

    Api(String path) {
        this.path = path;
    }

    String path() {
        return path;
    }
}
