package belle.faults.history;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;

/** What one event of a stream says. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "says")
@JsonSubTypes({
    @JsonSubTypes.Type(value = Piece.Text.class, name = "text"),
    @JsonSubTypes.Type(value = Piece.Finish.class, name = "finish"),
    @JsonSubTypes.Type(value = Piece.Usage.class, name = "usage"),
    @JsonSubTypes.Type(value = Piece.End.class, name = "end"),
    @JsonSubTypes.Type(value = Piece.Broken.class, name = "broken")
})
public sealed interface Piece {
    /** More of a choice; {@code logprobs} as in {@link Answer.Choice}. */
    record Text(int choice, String text, List<String> logprobs) implements Piece {
        public Text {
            logprobs = List.copyOf(logprobs);
        }
    }

    /** A choice has ended; {@code text} is the last of it. */
    record Finish(int choice, String text, String reason) implements Piece {}

    /** The counts of the whole request. */
    record Usage(int promptTokens, int completionTokens) implements Piece {}

    /** The stream's good end, {@code [DONE]}. */
    record End() implements Piece {}

    /** The stream's bad end. */
    record Broken(String code, String message) implements Piece {}
}
