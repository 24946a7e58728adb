package belle.export.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What tokenizer_config.json, special_tokens_map.json, added_tokens.json and chat_template.jinja say; each of them may be missing.
 *
 * <p>A name in special_tokens_map.json goes before the one in tokenizer_config.json, as in Hugging Face's loader. An
 * empty name, which early LLaMA conversions have, says nothing.
 */
final class TokenizerConfig {
    static final String FILE = "tokenizer_config.json";

    private final Path file;
    private final JsonNode config;
    private final JsonNode specials;
    private final TreeMap<Integer, JsonNode> added = new TreeMap<>();
    private final boolean templateFile;

    private TokenizerConfig(Path folder) {
        file = folder.resolve(FILE);
        config = SourceText.objectOrEmpty(file);
        specials = SourceText.objectOrEmpty(folder.resolve("special_tokens_map.json"));
        templateFile = Files.exists(folder.resolve("chat_template.jinja"));
        Path addedFile = folder.resolve("added_tokens.json");
        for (Map.Entry<String, JsonNode> entry :
                SourceText.objectOrEmpty(addedFile).properties()) {
            add(addedFile, entry.getKey(), entry.getValue(), SourceText.JSON.createObjectNode());
        }
        for (Map.Entry<String, JsonNode> entry :
                config.path("added_tokens_decoder").properties()) {
            JsonNode token = entry.getValue();
            JsonNode id = SourceText.JSON.getNodeFactory().textNode(entry.getKey());
            add(file, token.path("content").asText(""), id, token);
        }
    }

    /** Says nothing; {@code file} is named when something is wrong. */
    static TokenizerConfig silent(Path file) {
        return new TokenizerConfig(file);
    }

    static TokenizerConfig read(Path folder) {
        return new TokenizerConfig(folder);
    }

    /** Added tokens by id: objects with content, and with the flags that the files give. */
    Map<Integer, JsonNode> added() {
        return added;
    }

    /** Returns the name of {@code role}, which is bos, eos, unk or pad. */
    Optional<String> name(String role) {
        String key = role + "_token";
        return content(specials.path(key)).or(() -> content(config.path(key)));
    }

    /** Returns every name that has a role; such a token is a special one whatever else is said of it. */
    Set<String> specialNames() {
        Set<String> names = new LinkedHashSet<>();
        for (String role : new String[] {"bos", "eos", "unk", "pad"}) {
            name(role).ifPresent(names::add);
        }
        for (JsonNode source : new JsonNode[] {specials, config}) {
            for (JsonNode token : source.path("additional_special_tokens")) {
                content(token).ifPresent(names::add);
            }
        }
        return names;
    }

    /** Returns a true-or-false field of tokenizer_config.json; null counts as missing. */
    Optional<Boolean> flag(String field) {
        JsonNode value = config.path(field);
        if (value.isMissingNode() || value.isNull()) {
            return Optional.empty();
        }
        if (!value.isBoolean()) {
            throw SourceText.broken(file, field, "is " + value + ", not true or false");
        }
        return Optional.of(value.booleanValue());
    }

    /** Tells whether the checkpoint names one of LLaMA's tokenizer classes, which add a BOS by themselves. */
    boolean isLlama() {
        return config.path("tokenizer_class").asText("").startsWith("Llama")
                || config.path("tokenizer_class").asText("").startsWith("LLaMA");
    }

    /** Tells whether there is a chat template of the checkpoint's own; nothing here executes it. */
    boolean bringsChatTemplate() {
        JsonNode template = config.path("chat_template");
        return templateFile || template.isTextual() || template.isArray();
    }

    Path file() {
        return file;
    }

    private void add(Path from, String content, JsonNode id, JsonNode token) {
        int value = id.isIntegralNumber() || id.isTextual() ? id.asInt(-1) : -1;
        if (value < 0 || value >= SentencePieceReader.MOST_PIECES || content.isEmpty()) {
            throw SourceText.broken(from, "added tokens", "'" + content + "' has id " + id);
        }
        JsonNode before = added.get(value);
        if (before != null && !before.path("content").asText().equals(content)) {
            throw SourceText.broken(
                    from,
                    "added tokens",
                    "id " + value + " is '" + before.path("content").asText() + "' and '" + content + "'");
        }
        var entry = SourceText.JSON.createObjectNode().put("content", content);
        for (String flag : new String[] {"single_word", "lstrip", "rstrip", "normalized", "special"}) {
            if (token.path(flag).isBoolean()) {
                entry.set(flag, token.get(flag));
            }
        }
        added.put(value, entry);
    }

    private static Optional<String> content(JsonNode token) {
        String text = token.isObject() ? token.path("content").asText("") : token.isTextual() ? token.textValue() : "";
        return text.isEmpty() ? Optional.empty() : Optional.of(text);
    }
}
