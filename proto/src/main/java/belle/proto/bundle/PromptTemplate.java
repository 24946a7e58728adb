package belle.proto.bundle;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * How a conversation becomes a prompt, as data.
 *
 * <pre>
 * user assistant [between user assistant]* between user assistant-up-to-its-content
 * </pre>
 *
 * Each part is literal text with places: <code>{content}</code> is the message, <code>{system}</code> the system
 * message, <code>{bos}</code> and <code>{eos}</code> are the model's own ids, and <code>{&lt;|name|&gt;}</code> is the
 * special token of that name. The literal text and the messages are encoded as plain text, so no message can bring a
 * control token of its own.
 *
 * <p>The prompt ends with the assistant part up to its content, less a space at the end, which belongs to the model's
 * own first token. So one turn's prompt is the beginning of the next turn's.
 *
 * @param name what {@code --template} calls it
 * @param system the system message of a conversation that has none; empty for none
 * @param opening the first user message where there is a system message
 * @param user every other user message
 * @param assistant an assistant's message
 * @param between stands between an assistant's message and the user's next one
 */
public record PromptTemplate(
        String name, String system, String opening, String user, String assistant, String between) {
    /** A place inside a part; its first group is content, system, bos, eos or a special token's name. */
    public static final Pattern PLACE = Pattern.compile("\\{(content|system|bos|eos|<[^{}]*>)}");

    /** Returns the names of all special tokens that the parts ask for; a vocabulary without one cannot be used. */
    public Set<String> specialTokens() {
        Set<String> names = new TreeSet<>();
        for (String part : List.of(opening, user, assistant, between)) {
            PLACE.matcher(part)
                    .results()
                    .map(place -> place.group(1))
                    .filter(place -> place.startsWith("<"))
                    .forEach(names::add);
        }
        return names;
    }
}
