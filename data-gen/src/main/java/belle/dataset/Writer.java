package belle.dataset;

import belle.dataset.Example.Message;
import belle.dataset.Reader.Unreadable;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Puts an item into a form. */
final class Writer {
    private Writer() {}

    /** Fails where the form has no place for all of the item. */
    static ObjectNode write(Example example, Form form) throws Unreadable {
        ObjectNode item = JsonNodeFactory.instance.objectNode();
        if (form != Form.CHAT && !example.isSingle()) {
            throw new Unreadable(example.messages().size() + " messages do not go into the form " + form
                    + ", which has one question and one answer");
        }
        String question = example.messages().getFirst().content();
        String answer = example.messages().getLast().content();
        switch (form) {
            case INSTRUCTION -> {
                int input = example.input();
                int end = input == 0 ? question.length() : question.length() - input - 1;
                item.put("instruction", question.substring(0, end));
                item.put("input", question.substring(question.length() - input));
                item.put("output", answer);
            }
            case INPUT_TARGET -> item.put("input", question).put("target", answer);
            case CHAT -> {
                ArrayNode messages = item.putArray("messages");
                for (Message message : example.messages()) {
                    messages.addObject().put("role", message.role()).put("content", message.content());
                }
            }
        }
        for (var field : example.more().entrySet()) {
            if (item.has(field.getKey())) {
                throw new Unreadable("it has a field '" + field.getKey() + "' that is another one in the form " + form);
            }
            item.set(field.getKey(), field.getValue());
        }
        return item;
    }
}
