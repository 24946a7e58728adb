package belle.export.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A checkpoint's own tokenizer.json, checked field by field.
 *
 * <p>It is taken as it is, but for two things that make special tokens safe: a token that the configuration gives a
 * role (end of text, …) is marked special, and merges that would build a special token's name out of plain text are
 * left out. Neither changes what the file's own library does with it, which looks for special tokens first.
 */
final class CheckedJson {
    private final Path file;
    private final String text;
    private final ObjectNode json;
    private final Map<String, Integer> vocabulary = new HashMap<>();
    private final Map<String, Integer> specials = new HashMap<>();
    private int tokens;
    private boolean changed;

    private CheckedJson(Path file, String text, ObjectNode json) {
        this.file = file;
        this.text = text;
        this.json = json;
    }

    static CheckedJson read(Path file, TokenizerConfig config) {
        String text = SourceText.text(file);
        CheckedJson checked = new CheckedJson(file, text, (ObjectNode) SourceText.object(file, text));
        checked.checkVocabulary();
        checked.checkAdded(config.specialNames());
        checked.checkModel();
        checked.checkMerges();
        checked.checkDecoder();
        return checked;
    }

    /** The text for the bundle. */
    String text() {
        return changed ? json.toString() : text;
    }

    int tokens() {
        return tokens;
    }

    /** Ids of all special tokens, by name. */
    Map<String, Integer> specialIds() {
        return specials;
    }

    /** The ids that the post-processor puts before a text. */
    List<Integer> idsBefore() {
        List<Integer> ids = new ArrayList<>();
        JsonNode template = template(json.path("post_processor"));
        for (JsonNode part : template.path("single")) {
            String name = part.path("SpecialToken").path("id").asText("");
            if (name.isEmpty()) {
                break;
            }
            JsonNode known = template.path("special_tokens").path(name).path("ids");
            require(!known.isEmpty(), "post_processor.special_tokens", "does not say the ids of '" + name + "'");
            known.forEach(id -> ids.add(id.intValue()));
        }
        for (int id : ids) {
            require(id >= 0 && id < tokens, "post_processor.special_tokens", "has id " + id + " of " + tokens);
        }
        return ids;
    }

    private static JsonNode template(JsonNode processor) {
        for (JsonNode part : processor.path("processors")) {
            if (part.path("type").asText().equals("TemplateProcessing")) {
                return part;
            }
        }
        return processor;
    }

    private void checkVocabulary() {
        JsonNode model = json.path("model");
        require(model.isObject(), "model", "is missing");
        String type = model.path("type").asText("BPE");
        require(type.equals("BPE"), "model.type", "is '" + type + "'; only BPE is known");
        require(model.path("vocab").isObject() && !model.path("vocab").isEmpty(), "model.vocab", "is missing or empty");
        Set<Integer> seen = new HashSet<>();
        for (Map.Entry<String, JsonNode> entry : model.path("vocab").properties()) {
            int id = id(entry.getValue(), "model.vocab", entry.getKey());
            require(
                    seen.add(id),
                    "model.vocab",
                    "id " + id + " is given twice, the second time to '" + entry.getKey() + "'");
            vocabulary.put(entry.getKey(), id);
            tokens = Math.max(tokens, id + 1);
        }
    }

    private void checkAdded(Set<String> roles) {
        JsonNode added = json.path("added_tokens");
        require(added.isArray() || added.isMissingNode(), "added_tokens", "is not a list");
        Map<Integer, String> names = new HashMap<>();
        vocabulary.forEach((piece, id) -> names.put(id, piece));
        for (JsonNode token : added) {
            String content = token.path("content").asText("");
            int id = id(token.path("id"), "added_tokens", content);
            require(!content.isEmpty(), "added_tokens", "id " + id + " has no content");
            String there = names.putIfAbsent(id, content);
            require(
                    there == null || there.equals(content),
                    "added_tokens",
                    "id " + id + " is '" + content + "' here and '" + there + "' in the vocabulary");
            Integer other = vocabulary.getOrDefault(content, id);
            require(
                    other == id,
                    "added_tokens",
                    "'" + content + "' has id " + id + " here and " + other + " in the vocabulary");
            tokens = Math.max(tokens, id + 1);
            if (roles.contains(content) && !token.path("special").asBoolean(false)) {
                ((ObjectNode) token).put("special", true);
                changed = true;
            }
            if (token.path("special").asBoolean(false)) {
                specials.put(content, id);
            }
        }
        for (String name : roles) {
            Integer id = vocabulary.get(name);
            if (id != null && !specials.containsKey(name)) {
                ArrayNode list = added instanceof ArrayNode array ? array : json.putArray("added_tokens");
                list.addObject()
                        .put("id", id)
                        .put("content", name)
                        .put("single_word", false)
                        .put("lstrip", false)
                        .put("rstrip", false)
                        .put("normalized", false)
                        .put("special", true);
                specials.put(name, id);
                changed = true;
            }
        }
    }

    private void checkModel() {
        JsonNode model = json.path("model");
        require(
                model.path("dropout").asDouble(0) == 0,
                "model.dropout",
                "is " + model.path("dropout") + "; ids would be random");
        for (String field : new String[] {"continuing_subword_prefix", "end_of_word_suffix"}) {
            require(
                    model.path(field).asText("").isEmpty() || model.path(field).isNull(),
                    "model." + field,
                    "is set, which is not known");
        }
        JsonNode unknown = model.path("unk_token");
        require(
                !unknown.isTextual() || vocabulary.containsKey(unknown.textValue()),
                "model.unk_token",
                "'" + unknown.asText() + "' is not in the vocabulary");
    }

    private void checkMerges() {
        JsonNode merges = json.path("model").path("merges");
        require(merges.isArray(), "model.merges", "is missing");
        List<Integer> unsafe = new ArrayList<>();
        for (int i = 0; i < merges.size(); i++) {
            JsonNode merge = merges.get(i);
            if (merge.isTextual() && merge.textValue().startsWith("#version")) {
                continue;
            }
            String field = "model.merges[" + i + "]";
            String left;
            String right;
            if (merge.isTextual()) {
                int space = merge.textValue().indexOf(' ');
                require(space > 0 && merge.textValue().indexOf(' ', space + 1) < 0, field, "is no pair: " + merge);
                left = merge.textValue().substring(0, space);
                right = merge.textValue().substring(space + 1);
            } else {
                require(
                        merge.size() == 2
                                && merge.get(0).isTextual()
                                && merge.get(1).isTextual(),
                        field,
                        "is no pair: " + merge);
                left = merge.get(0).textValue();
                right = merge.get(1).textValue();
            }
            for (String piece : new String[] {left, right, left + right}) {
                require(vocabulary.containsKey(piece), field, "'" + piece + "' is not in the vocabulary");
            }
            if (specials.containsKey(left + right)) {
                unsafe.add(i);
            }
        }
        for (int i : unsafe.reversed()) {
            ((ArrayNode) merges).remove(i);
            changed = true;
        }
    }

    /** The kinds that the node's vocabulary can turn into bytes. */
    private void checkDecoder() {
        List<String> types = new ArrayList<>();
        collect(json.path("decoder"), types);
        collect(json.path("pre_tokenizer"), types);
        require(
                types.contains("ByteLevel") || types.contains("ByteFallback") || types.contains("Metaspace"),
                "decoder",
                "is neither byte-level (BLOOM) nor SentencePiece's (LLaMA), but " + types);
    }

    private static void collect(JsonNode node, List<String> types) {
        if (node.path("type").isTextual()) {
            types.add(node.path("type").textValue());
        }
        for (String parts : new String[] {"decoders", "pretokenizers"}) {
            node.path(parts).forEach(part -> collect(part, types));
        }
    }

    private int id(JsonNode node, String field, String name) {
        require(
                node.isInt() && node.intValue() >= 0 && node.intValue() < SentencePieceReader.MOST_PIECES,
                field,
                "'" + name + "' has id " + node + ", not in [0, " + SentencePieceReader.MOST_PIECES + ")");
        return node.intValue();
    }

    private void require(boolean holds, String field, String problem) {
        if (!holds) {
            throw SourceText.broken(file, field, problem);
        }
    }
}
