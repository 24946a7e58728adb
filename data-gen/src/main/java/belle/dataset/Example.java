package belle.dataset;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One item, whatever form it had.
 *
 * @param messages a system's message perhaps, then a user's and an assistant's in turn; at least one of each
 * @param input characters at the end of the first user's message that are the instruction's input, behind a line break; 0 for none
 * @param more fields that the form does not know, in their order: they are kept
 */
record Example(List<Message> messages, int input, Map<String, JsonNode> more) {
    /** Who speaks, and what. */
    record Message(String role, String content) {}

    static final String SYSTEM = "system";
    static final String USER = "user";
    static final String ASSISTANT = "assistant";

    Example {
        messages = List.copyOf(messages);
        more = new LinkedHashMap<>(more);
    }

    /** One question and its answer. */
    static Example of(String instruction, String input, String output, Map<String, JsonNode> more) {
        String question = input.isEmpty() ? instruction : instruction + "\n" + input;
        return new Example(List.of(new Message(USER, question), new Message(ASSISTANT, output)), input.length(), more);
    }

    /** Whether it is one question and one answer and nothing else. */
    boolean isSingle() {
        return messages.size() == 2;
    }
}
