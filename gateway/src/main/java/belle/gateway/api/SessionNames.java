package belle.gateway.api;

import belle.proto.ChatMessage;
import belle.proto.Check;
import belle.proto.Prompt;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * Names the session of a request that names none.
 *
 * <p>A conversation's first messages, up to and with the first one of the user, stay the same in all its turns. Their
 * hash leads every turn to the session, and so to the node, that holds its cache.
 */
public final class SessionNames {
    static final String REGEX = "[A-Za-z0-9._:-]{1,128}";

    private static final int LEADING_CHARACTERS = 256;
    private static final int LEADING_IDS = 64;
    private static final int HASH_BYTES = 16;

    private SessionNames() {}

    /** Whether {@code name} may be a session id. */
    public static boolean valid(String name) {
        return name.matches(REGEX);
    }

    /** Returns the session of a prompt for a model; the same for all turns of a conversation. */
    public static String of(String model, Prompt prompt) {
        String leading = switch (prompt) {
            case Prompt.Chat(List<ChatMessage> messages) -> leading(messages);
            case Prompt.Text(String text) -> text.substring(0, Math.min(text.length(), LEADING_CHARACTERS));
            case Prompt.Ids(var ids) ->
                ids.slice(0, Math.min(ids.size(), LEADING_IDS)).toString();
        };
        return "h-" + hash(model + "\0" + leading);
    }

    /** Returns a hash of what other conversations with the model are likely to begin with, too: the system's message. */
    public static Optional<String> beginning(String model, Prompt prompt) {
        return prompt instanceof Prompt.Chat(List<ChatMessage> messages)
                        && !messages.isEmpty()
                        && messages.getFirst().role().equals("system")
                ? Optional.of(hash(model + "\0" + messages.getFirst().content()))
                : Optional.empty();
    }

    private static String leading(List<ChatMessage> messages) {
        var leading = new StringBuilder();
        for (ChatMessage message : messages) {
            leading.append(message.role())
                    .append('\0')
                    .append(message.content())
                    .append('\0');
            if (message.role().equals("user")) {
                break;
            }
        }
        return leading.toString();
    }

    /** Returns 32 hexadecimal digits. */
    static String hash(String text) {
        byte[] digest = sha256().digest(text.getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().formatHex(digest, 0, HASH_BYTES);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            Check.that(false, "every JDK has SHA-256");
            throw new AssertionError(e);
        }
    }
}
