package belle.proto;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;

/** What to continue. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = Prompt.Chat.class, name = "chat"),
    @JsonSubTypes.Type(value = Prompt.Text.class, name = "text"),
    @JsonSubTypes.Type(value = Prompt.Ids.class, name = "ids"),
})
public sealed interface Prompt {
    /** A conversation, rendered by the model's prompt template. */
    record Chat(List<ChatMessage> messages) implements Prompt {
        public Chat {
            messages = List.copyOf(messages);
        }
    }

    /** Plain text; the tokenizer's own special tokens (LLaMA's BOS) are added, none is parsed from the text. */
    record Text(String text) implements Prompt {}

    /** Token ids, taken as they are. */
    record Ids(Tokens ids) implements Prompt {}
}
