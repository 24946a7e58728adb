package belle.proto;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;

/** An expected failure, as a value. Its message names the thing, the limit and the given value. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = Failure.Invalid.class, name = "invalid"),
    @JsonSubTypes.Type(value = Failure.UnknownModel.class, name = "unknown-model"),
    @JsonSubTypes.Type(value = Failure.TooLong.class, name = "too-long"),
    @JsonSubTypes.Type(value = Failure.NotFound.class, name = "not-found"),
    @JsonSubTypes.Type(value = Failure.Overloaded.class, name = "overloaded"),
    @JsonSubTypes.Type(value = Failure.Unavailable.class, name = "unavailable"),
    @JsonSubTypes.Type(value = Failure.Broken.class, name = "broken"),
    @JsonSubTypes.Type(value = Failure.Internal.class, name = "internal"),
})
public sealed interface Failure {
    /** One line for the person who sent the request or the command. */
    String message();

    /** A field or flag is wrong. {@code param} is its path, as the caller wrote it. */
    record Invalid(String param, String message) implements Failure {}

    /** No such model; {@code known} lists those that are served. */
    record UnknownModel(String model, List<String> known) implements Failure {
        public UnknownModel {
            known = List.copyOf(known);
        }

        @Override
        public String message() {
            return "model '" + model + "' is not served here; known models: " + String.join(", ", known);
        }
    }

    /** Prompt and requested tokens do not fit the context. All counts are tokens. */
    record TooLong(int promptTokens, int maxTokens, int contextTokens) implements Failure {
        @Override
        public String message() {
            return "the context holds " + contextTokens + " tokens, but the prompt has " + promptTokens + " and "
                    + maxTokens + " more were asked for";
        }
    }

    /** A stream or session that is not (or no longer) known. */
    record NotFound(String message) implements Failure {}

    /** A queue or quota is full; try again after {@code retryAfterSeconds}. */
    record Overloaded(String message, int retryAfterSeconds) implements Failure {}

    /** Draining, starting, or no node. */
    record Unavailable(String message) implements Failure {}

    /** A file is damaged or of an unknown kind: {@code file} and {@code field} name the place. */
    record Broken(String file, String field, String problem) implements Failure {
        @Override
        public String message() {
            return file + ": " + field + ": " + problem;
        }
    }

    /** A bug or a device fault. The details stand in the log. */
    record Internal(String message) implements Failure {}
}
