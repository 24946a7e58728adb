package belle.gateway.api;

import belle.proto.TokenLogprob;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Log-probabilities in OpenAI's two shapes. */
final class Logprobs {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final double LEAST = -9999; // stands for minus infinity, which JSON cannot say
    private static final String UNKNOWN_BYTES = "\uFFFD";

    private Logprobs() {}

    /** Returns the shape of chats: {@code {"content": [...]}}. */
    static ObjectNode chat(List<TokenLogprob> tokens) {
        ObjectNode logprobs = JSON.objectNode();
        ArrayNode content = logprobs.putArray("content");
        for (TokenLogprob token : tokens) {
            ObjectNode entry = chatToken(token.text(), token.logprob());
            ArrayNode top = entry.putArray("top_logprobs");
            token.top().forEach(alternative -> top.add(chatToken(alternative.text(), alternative.logprob())));
            content.add(entry);
        }
        logprobs.putNull("refusal");
        return logprobs;
    }

    private static ObjectNode chatToken(String text, double logprob) {
        ObjectNode entry = JSON.objectNode().put("token", text).put("logprob", finite(logprob));
        if (text.contains(UNKNOWN_BYTES)) {
            return entry.putNull("bytes");
        }
        ArrayNode bytes = entry.putArray("bytes");
        for (byte value : text.getBytes(StandardCharsets.UTF_8)) {
            bytes.add(Byte.toUnsignedInt(value));
        }
        return entry;
    }

    /**
     * Returns the older shape of completions: four lists of equal length.
     *
     * @param offset characters of the choice's text before the first of these tokens
     */
    static ObjectNode legacy(List<TokenLogprob> tokens, int offset) {
        ObjectNode logprobs = JSON.objectNode();
        ArrayNode texts = logprobs.putArray("tokens");
        ArrayNode values = logprobs.putArray("token_logprobs");
        ArrayNode tops = logprobs.putArray("top_logprobs");
        ArrayNode offsets = logprobs.putArray("text_offset");
        int place = offset;
        for (TokenLogprob token : tokens) {
            texts.add(token.text());
            offsets.add(place);
            place += characters(token.text());
            if (Double.isNaN(token.logprob())) {
                values.addNull();
                tops.addNull();
                continue;
            }
            values.add(finite(token.logprob()));
            ObjectNode top = tops.addObject();
            token.top()
                    .forEach(a -> top.put(
                            a.text(),
                            Math.max(finite(a.logprob()), top.path(a.text()).asDouble(LEAST))));
        }
        return logprobs;
    }

    static int characters(String text) {
        return text.codePointCount(0, text.length());
    }

    private static double finite(double logprob) {
        return Math.max(logprob, LEAST);
    }
}
