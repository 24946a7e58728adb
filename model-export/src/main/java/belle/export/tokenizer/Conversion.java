package belle.export.tokenizer;

import belle.export.tokenizer.SentencePieceModel.Kind;
import belle.export.tokenizer.SentencePieceModel.Piece;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Writes a SentencePiece BPE model as a tokenizer.json.
 *
 * <pre>
 * text -> Prepend U+2581 -> Replace " " by U+2581 -> BPE with byte fallback -> ids
 * ids  -> Replace U+2581 by " " -> bytes of &lt;0xNN&gt; pieces -> join -> strip one leading space -> text
 * </pre>
 *
 * No splitter cuts the text into words first: SentencePiece merges over the whole text, and so does this.
 */
final class Conversion {
    private static final String SPACE = "\u2581";

    private final Path file;
    private final SentencePieceModel model;
    private final TokenizerConfig config;

    private Conversion(Path file, SentencePieceModel model, TokenizerConfig config) {
        this.file = file;
        this.model = model;
        this.config = config;
    }

    /**
     * Returns the tokenizer.json of {@code model}.
     *
     * @param before tokens that the library's default puts before a text
     * @param after tokens that it puts behind
     */
    static ObjectNode convert(
            Path file,
            SentencePieceModel model,
            TokenizerConfig config,
            Optional<String> before,
            Optional<String> after) {
        Conversion conversion = new Conversion(file, model, config);
        ObjectNode json = SourceText.JSON.createObjectNode();
        json.put("version", "1.0").putNull("truncation").putNull("padding");
        ArrayNode added = conversion.addedTokens();
        json.set("added_tokens", added);
        conversion.normalizer(json.putObject("normalizer"));
        json.putNull("pre_tokenizer");
        postProcessor(json, added, before, after);
        conversion.decoder(json.putObject("decoder"));
        conversion.bpe(json.putObject("model"));
        return json;
    }

    /** The model's own control and user pieces, then the tokens that the checkpoint puts behind the pieces. */
    private ArrayNode addedTokens() {
        Set<String> specials = config.specialNames();
        ArrayNode tokens = SourceText.JSON.createArrayNode();
        List<Piece> pieces = model.pieces();
        for (int id = 0; id < pieces.size(); id++) {
            Piece piece = pieces.get(id);
            boolean special =
                    piece.kind() == Kind.CONTROL || piece.kind() == Kind.UNKNOWN || specials.contains(piece.text());
            if (special || piece.kind() == Kind.USER_DEFINED) {
                token(tokens.addObject(), id, piece.text(), special, SourceText.JSON.createObjectNode());
            }
        }
        int next = pieces.size();
        for (Map.Entry<Integer, JsonNode> entry : config.added().entrySet()) {
            int id = entry.getKey();
            String content = entry.getValue().path("content").asText();
            if (id < pieces.size()) {
                String piece = pieces.get(id).text();
                require(
                        piece.equals(content),
                        "added tokens",
                        "id " + id + " is '" + content + "' there and '" + piece + "' in " + file.getFileName());
                continue;
            }
            require(
                    id == next,
                    "added tokens",
                    "'" + content + "' has id " + id + " where " + next + " is the next free one");
            next++;
            boolean special = entry.getValue().path("special").asBoolean(false) || specials.contains(content);
            token(tokens.addObject(), id, content, special, entry.getValue());
        }
        return tokens;
    }

    static void token(ObjectNode token, int id, String content, boolean special, JsonNode flags) {
        token.put("id", id)
                .put("content", content)
                .put("single_word", flags.path("single_word").asBoolean(false))
                .put("lstrip", flags.path("lstrip").asBoolean(false))
                .put("rstrip", flags.path("rstrip").asBoolean(false))
                .put("normalized", flags.path("normalized").asBoolean(false))
                .put("special", special);
    }

    private void normalizer(ObjectNode normalizer) {
        ArrayNode steps = normalizer.put("type", "Sequence").putArray("normalizers");
        if (model.addsDummyPrefix()) {
            steps.addObject().put("type", "Prepend").put("prepend", SPACE);
        }
        ObjectNode replace = steps.addObject().put("type", "Replace");
        replace.putObject("pattern").put("String", " ");
        replace.put("content", SPACE);
    }

    private void decoder(ObjectNode decoder) {
        ArrayNode steps = decoder.put("type", "Sequence").putArray("decoders");
        ObjectNode replace = steps.addObject().put("type", "Replace");
        replace.putObject("pattern").put("String", SPACE);
        replace.put("content", " ");
        steps.addObject().put("type", "ByteFallback");
        steps.addObject().put("type", "Fuse");
        if (model.addsDummyPrefix()) {
            steps.addObject()
                    .put("type", "Strip")
                    .put("content", " ")
                    .put("start", 1)
                    .put("stop", 0);
        }
    }

    static void postProcessor(ObjectNode json, ArrayNode added, Optional<String> before, Optional<String> after) {
        if (before.isEmpty() && after.isEmpty()) {
            json.putNull("post_processor");
            return;
        }
        ObjectNode template = json.putObject("post_processor").put("type", "TemplateProcessing");
        ArrayNode single = template.putArray("single");
        ArrayNode pair = template.putArray("pair");
        around(single, "A", 0, before, after);
        around(pair, "A", 0, before, after);
        around(pair, "B", 1, before, after);
        ObjectNode specials = template.putObject("special_tokens");
        for (JsonNode token : added) {
            String name = token.path("content").asText();
            if (before.filter(name::equals).isPresent()
                    || after.filter(name::equals).isPresent()) {
                ObjectNode special = specials.putObject(name).put("id", name);
                special.putArray("ids").add(token.path("id").intValue());
                special.putArray("tokens").add(name);
            }
        }
    }

    private static void around(
            ArrayNode parts, String text, int type, Optional<String> before, Optional<String> after) {
        before.ifPresent(name ->
                parts.addObject().putObject("SpecialToken").put("id", name).put("type_id", type));
        parts.addObject().putObject("Sequence").put("id", text).put("type_id", type);
        after.ifPresent(name ->
                parts.addObject().putObject("SpecialToken").put("id", name).put("type_id", type));
    }

    private void bpe(ObjectNode bpe) {
        bpe.put("type", "BPE").putNull("dropout");
        bpe.put("unk_token", model.pieces().get(model.unknown()).text());
        bpe.putNull("continuing_subword_prefix").putNull("end_of_word_suffix");
        bpe.put("fuse_unk", true).put("byte_fallback", model.byteFallback()).put("ignore_merges", false);
        ObjectNode vocabulary = bpe.putObject("vocab");
        for (int id = 0; id < model.pieces().size(); id++) {
            vocabulary.put(model.pieces().get(id).text(), id);
        }
        ArrayNode merges = bpe.putArray("merges");
        for (Merges.Merge merge : Merges.of(model.pieces())) {
            merges.addArray().add(merge.left()).add(merge.right());
        }
    }

    private void require(boolean holds, String field, String problem) {
        if (!holds) {
            throw SourceText.broken(config.file(), field, problem);
        }
    }
}
