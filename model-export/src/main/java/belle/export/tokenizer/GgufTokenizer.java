package belle.export.tokenizer;

import belle.export.tokenizer.SentencePieceModel.Kind;
import belle.export.tokenizer.SentencePieceModel.Piece;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The tokenizer in a GGUF file's metadata, as a tokenizer.json: {@code llama} is a SentencePiece BPE, {@code gpt2} a BPE over
 * bytes whose words are cut by the regular expression that {@code tokenizer.ggml.pre} names (llama-vocab.cpp has the list).
 */
final class GgufTokenizer {
    private static final String PREFIX = "tokenizer.ggml.";

    private static final String LLAMA_3 = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
            + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    private static final String BLOOM = " ?[^(\\s|.,!?…。，、।۔،)]+";
    private static final String GPT_2 =
            "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

    /** Cuts as GPT-2 does, and between digits first. */
    private static final String SMOLLM = "smollm";

    private static final Map<String, String> WORDS = Map.of(
            "llama-bpe",
            LLAMA_3,
            "llama3",
            LLAMA_3,
            "llama-v3",
            LLAMA_3,
            "bloom",
            BLOOM,
            "gpt-2",
            GPT_2,
            SMOLLM,
            GPT_2,
            "default",
            GPT_2);

    private final Path file;
    private final ObjectNode metadata;
    private final List<Piece> pieces = new ArrayList<>();
    private final Optional<String> bos;
    private final Optional<String> eos;

    private GgufTokenizer(Path file, ObjectNode metadata) {
        this.file = file;
        this.metadata = metadata;
        JsonNode tokens = list("tokens");
        JsonNode scores = metadata.path(PREFIX + "scores");
        JsonNode kinds = metadata.path(PREFIX + "token_type");
        for (int id = 0; id < tokens.size(); id++) {
            int kind = kinds.path(id).asInt(1);
            Optional<Kind> known = Kind.of(kind);
            if (known.isEmpty()) {
                throw broken("token_type", "of id " + id + " is " + kind + ", which is not known");
            }
            pieces.add(
                    new Piece(tokens.get(id).asText(), (float) scores.path(id).asDouble(0), known.get()));
        }
        bos = name("bos_token_id");
        eos = name("eos_token_id");
    }

    /** Converts it; a tokenizer of another kind, or a broken one, ends in {@code Failure.Broken}. */
    static TokenizerFiles of(Path file, ObjectNode metadata) {
        return new GgufTokenizer(file, metadata).files();
    }

    private TokenizerFiles files() {
        String model = metadata.path(PREFIX + "model").asText("");
        boolean sentencePiece = model.equals("llama");
        if (!sentencePiece && !model.equals("gpt2")) {
            throw broken("model", "llama and gpt2 are read, given " + model);
        }
        Optional<String> before = flag("add_bos_token", sentencePiece) ? bos : Optional.empty();
        Optional<String> after = flag("add_eos_token", false) ? eos : Optional.empty();
        ObjectNode json = sentencePiece
                ? Conversion.convert(file, sentencePiece(), TokenizerConfig.silent(file), before, after)
                : overBytes(before, after);
        Set<String> specials = new LinkedHashSet<>();
        for (JsonNode token : json.path("added_tokens")) {
            if (token.path("special").booleanValue()) {
                specials.add(token.path("content").textValue());
            }
        }
        return new TokenizerFiles(
                json.toString(),
                "tokenizer.ggml",
                pieces.size(),
                ids(before),
                ids(eos),
                specials,
                metadata.has("tokenizer.chat_template"));
    }

    private SentencePieceModel sentencePiece() {
        boolean bytes = pieces.stream().anyMatch(piece -> piece.kind() == Kind.BYTE);
        return new SentencePieceModel(
                pieces,
                bytes,
                flag("add_space_prefix", true),
                id("unknown_token_id").orElse(0),
                bos.orElse("<s>"),
                eos.orElse("</s>"));
    }

    private ObjectNode overBytes(Optional<String> before, Optional<String> after) {
        String words = metadata.path(PREFIX + "pre").asText("default");
        String regex = WORDS.get(words);
        if (regex == null) {
            throw broken("pre", "llama-bpe, bloom, gpt-2 and smollm are read, given " + words);
        }
        ObjectNode json = SourceText.JSON.createObjectNode();
        json.put("version", "1.0").putNull("truncation").putNull("padding");
        ArrayNode added = json.putArray("added_tokens");
        for (int id = 0; id < pieces.size(); id++) {
            Kind kind = pieces.get(id).kind();
            if (kind == Kind.CONTROL || kind == Kind.USER_DEFINED || kind == Kind.UNKNOWN) {
                ObjectNode none = SourceText.JSON.createObjectNode();
                Conversion.token(added.addObject(), id, pieces.get(id).text(), kind != Kind.USER_DEFINED, none);
            }
        }
        json.putNull("normalizer");
        ArrayNode cutters =
                json.putObject("pre_tokenizer").put("type", "Sequence").putArray("pretokenizers");
        if (words.equals(SMOLLM)) {
            cutters.addObject().put("type", "Digits").put("individual_digits", true);
        }
        ObjectNode split = cutters.addObject()
                .put("type", "Split")
                .put("behavior", "Isolated")
                .put("invert", false);
        split.putObject("pattern").put("Regex", regex);
        byteLevel(cutters.addObject(), false);
        Conversion.postProcessor(json, added, before, after);
        byteLevel(json.putObject("decoder"), true);
        ObjectNode bpe =
                json.putObject("model").put("type", "BPE").putNull("dropout").putNull("unk_token");
        bpe.putNull("continuing_subword_prefix").putNull("end_of_word_suffix");
        bpe.put("fuse_unk", false).put("byte_fallback", false).put("ignore_merges", regex.equals(LLAMA_3));
        ObjectNode vocabulary = bpe.putObject("vocab");
        for (int id = 0; id < pieces.size(); id++) {
            vocabulary.put(pieces.get(id).text(), id);
        }
        ArrayNode merges = bpe.putArray("merges");
        for (JsonNode merge : list("merges")) {
            int space = merge.asText().indexOf(' ', 1);
            if (space < 0) {
                throw broken("merges", "'" + merge.asText() + "' is no pair");
            }
            merges.addArray()
                    .add(merge.asText().substring(0, space))
                    .add(merge.asText().substring(space + 1));
        }
        return json;
    }

    private static void byteLevel(ObjectNode part, boolean usesRegex) {
        part.put("type", "ByteLevel")
                .put("add_prefix_space", usesRegex)
                .put("trim_offsets", true)
                .put("use_regex", usesRegex);
    }

    private JsonNode list(String key) {
        JsonNode list = metadata.path(PREFIX + key);
        if (!list.isArray() || list.isEmpty()) {
            throw broken(key, "is missing");
        }
        return list;
    }

    private boolean flag(String key, boolean otherwise) {
        return metadata.path(PREFIX + key).asBoolean(otherwise);
    }

    private Optional<Integer> id(String key) {
        JsonNode id = metadata.path(PREFIX + key);
        if (id.isMissingNode()) {
            return Optional.empty();
        }
        if (!id.canConvertToInt() || id.intValue() < 0 || id.intValue() >= pieces.size()) {
            throw broken(key, "is " + id + ", there are " + pieces.size() + " tokens");
        }
        return Optional.of(id.intValue());
    }

    private Optional<String> name(String key) {
        return id(key).map(id -> pieces.get(id).text());
    }

    private List<Integer> ids(Optional<String> name) {
        return name.stream()
                .map(text -> pieces.stream().map(Piece::text).toList().indexOf(text))
                .toList();
    }

    private RuntimeException broken(String key, String problem) {
        return SourceText.broken(file, PREFIX + key, problem);
    }
}
