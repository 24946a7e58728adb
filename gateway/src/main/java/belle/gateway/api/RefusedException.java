package belle.gateway.api;

/** A request that is refused for what is not about its fields, such as its size; carries its answer. */
public final class RefusedException extends RuntimeException {
    private final transient Errors.Answer answer;

    public RefusedException(Errors.Answer answer) {
        super(answer.message());
        this.answer = answer;
    }

    public Errors.Answer answer() {
        return answer;
    }
}
