package belle.dataset;

import belle.dataset.Example.Message;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Takes an item out of its form. */
final class Reader {
    /** What is wrong with an item; the caller knows its place. */
    static final class Unreadable extends Exception {
        private static final long serialVersionUID = 1;

        Unreadable(String problem) {
            super(problem);
        }
    }

    private Reader() {}

    /** The form that an item has by its fields. */
    static Form formOf(JsonNode item) throws Unreadable {
        Optional<Form> form = item.has("messages")
                ? Optional.of(Form.CHAT)
                : item.has("target")
                        ? Optional.of(Form.INPUT_TARGET)
                        : item.has("instruction") ? Optional.of(Form.INSTRUCTION) : Optional.empty();
        return form.orElseThrow(
                () -> new Unreadable("of no known form: it has neither 'instruction', 'target' nor 'messages'"));
    }

    static Example read(JsonNode item, Form form) throws Unreadable {
        if (!item.isObject()) {
            throw new Unreadable("an object is expected, not "
                    + item.getNodeType().toString().toLowerCase(Locale.ROOT));
        }
        return switch (form) {
            case INSTRUCTION ->
                Example.of(
                        text(item, "instruction"),
                        item.has("input") ? text(item, "input") : "",
                        text(item, "output"),
                        more(item, Set.of("instruction", "input", "output")));
            case INPUT_TARGET ->
                Example.of(text(item, "input"), "", text(item, "target"), more(item, Set.of("input", "target")));
            case CHAT -> new Example(messages(item.path("messages")), 0, more(item, Set.of("messages")));
        };
    }

    private static List<Message> messages(JsonNode list) throws Unreadable {
        if (!list.isArray()) {
            throw new Unreadable("'messages' must be a list");
        }
        List<Message> messages = new ArrayList<>();
        for (JsonNode message : list) {
            String role = text(message, "role");
            String due = messages.isEmpty() || !messages.getLast().role().equals(Example.USER)
                    ? Example.USER
                    : Example.ASSISTANT;
            boolean opens = messages.isEmpty() && role.equals(Example.SYSTEM);
            if (!role.equals(due) && !opens) {
                throw new Unreadable(
                        "message " + (messages.size() + 1) + " is of '" + role + "', due is '" + due + "'");
            }
            messages.add(new Message(role, text(message, "content")));
        }
        if (messages.size() < 2 || !messages.getLast().role().equals(Example.ASSISTANT)) {
            throw new Unreadable("the last message must be the assistant's");
        }
        return messages;
    }

    private static String text(JsonNode node, String field) throws Unreadable {
        JsonNode value = node.path(field);
        if (!value.isTextual()) {
            throw new Unreadable("'" + field + "' must be text, "
                    + (value.isMissingNode() ? "but is missing" : "not " + shown(value)));
        }
        return value.asText();
    }

    private static String shown(JsonNode value) {
        String text = value.toString();
        return text.length() <= 60 ? text : text.substring(0, 60) + "…";
    }

    private static Map<String, JsonNode> more(JsonNode item, Set<String> known) {
        Map<String, JsonNode> more = new LinkedHashMap<>();
        item.properties().forEach(field -> {
            if (!known.contains(field.getKey())) {
                more.put(field.getKey(), field.getValue());
            }
        });
        return more;
    }
}
