package belle.text;

import belle.proto.ChatMessage;
import belle.proto.Failure;
import belle.proto.FailureException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A conversation that a template can render.
 *
 * @param system the system messages, joined by line breaks
 * @param turns user, assistant, user, …: begins and ends with the user
 */
record Conversation(Optional<String> system, List<ChatMessage> turns) {
    Conversation {
        turns = List.copyOf(turns);
    }

    /**
     * Checks the order of the messages; neighbours of one role are joined by a line break. What cannot be rendered
     * ends in {@link Failure.Invalid} naming the message.
     */
    static Conversation of(List<ChatMessage> messages) {
        List<String> system = new ArrayList<>();
        List<ChatMessage> turns = new ArrayList<>();
        for (int i = 0; i < messages.size(); i++) {
            ChatMessage message = messages.get(i);
            switch (message.role()) {
                case "system" -> {
                    require(turns.isEmpty(), i, "is system; system messages come before all others");
                    system.add(message.content());
                }
                case "user" -> add(turns, message);
                case "assistant" -> {
                    require(!turns.isEmpty(), i, "is assistant; the conversation must begin with the user");
                    add(turns, message);
                }
                default -> require(false, i, "is '" + message.role() + "'; known are system, user and assistant");
            }
        }
        if (turns.isEmpty()) {
            throw new FailureException(
                    new Failure.Invalid("messages", "has no user message among its " + messages.size() + " messages"));
        }
        require(
                turns.getLast().role().equals("user"),
                messages.size() - 1,
                "is assistant; the last message must be the user's, continuing an answer is not supported");
        return new Conversation(system.isEmpty() ? Optional.empty() : Optional.of(String.join("\n", system)), turns);
    }

    private static void add(List<ChatMessage> turns, ChatMessage message) {
        if (turns.isEmpty() || !turns.getLast().role().equals(message.role())) {
            turns.add(message);
        } else {
            ChatMessage before = turns.removeLast();
            turns.add(new ChatMessage(message.role(), before.content() + "\n" + message.content()));
        }
    }

    private static void require(boolean holds, int message, String problem) {
        if (!holds) {
            String field = "messages[" + message + "].role";
            throw new FailureException(new Failure.Invalid(field, field + " " + problem));
        }
    }
}
