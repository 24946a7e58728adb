package belle.text;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Small tokenizers of both kinds: all bytes, a few merges, four special tokens in front. */
final class TinyTokenizers {
    static final List<String> SPECIALS = List.of("<unk>", "<s>", "</s>", "<pad>");

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> WORDS = List.of("he", "ll", "hell", "hello", "你", "你好", "😀");

    private TinyTokenizers() {}

    /** BLOOM's form. */
    static ObjectNode byteLevel() {
        ObjectNode json = frame();
        json.putNull("normalizer");
        ArrayNode splitters =
                json.putObject("pre_tokenizer").put("type", "Sequence").putArray("pretokenizers");
        ObjectNode split = splitters.addObject().put("type", "Split");
        split.putObject("pattern").put("Regex", " ?[^(\\s|[.,!?…。，、।۔،])]+");
        split.put("behavior", "Isolated").put("invert", false);
        splitters.add(byteLevelStep());
        json.set("post_processor", byteLevelStep());
        json.set("decoder", byteLevelStep());
        ObjectNode model = model(json, false);
        ObjectNode vocabulary = (ObjectNode) model.get("vocab");
        for (int b = 0; b < 256; b++) {
            vocabulary.put(written(new byte[] {(byte) b}), vocabulary.size());
        }
        for (String word : WORDS) {
            merge(model, written(word.getBytes(StandardCharsets.UTF_8)));
        }
        return json;
    }

    /** LLaMA's form. */
    static ObjectNode sentencePiece() {
        ObjectNode json = frame();
        ArrayNode steps = json.putObject("normalizer").put("type", "Sequence").putArray("normalizers");
        steps.addObject().put("type", "Prepend").put("prepend", "▁");
        replace(steps.addObject(), " ", "▁");
        json.putNull("pre_tokenizer").putNull("post_processor");
        ArrayNode decoders = json.putObject("decoder").put("type", "Sequence").putArray("decoders");
        replace(decoders.addObject(), "▁", " ");
        decoders.addObject().put("type", "ByteFallback");
        decoders.addObject().put("type", "Fuse");
        decoders.addObject()
                .put("type", "Strip")
                .put("content", " ")
                .put("start", 1)
                .put("stop", 0);
        ObjectNode model = model(json, true);
        ObjectNode vocabulary = (ObjectNode) model.get("vocab");
        for (int b = 0; b < 256; b++) {
            vocabulary.put(String.format("<0x%02X>", b), vocabulary.size());
        }
        "▁helo你好/s<>".codePoints().forEach(c -> vocabulary.put(Character.toString(c), vocabulary.size()));
        for (String word : List.of("he", "ll", "hell", "hello", "▁hello", "你好")) {
            merge(model, word);
        }
        return json;
    }

    /** Writes the JSON and returns its file. */
    static Path write(Path folder, ObjectNode json) {
        try {
            return Files.writeString(folder.resolve("tokenizer.json"), json.toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static ObjectNode added(ObjectNode json, int id, String content, boolean special) {
        ((ArrayNode) json.get("added_tokens"))
                .addObject()
                .put("id", id)
                .put("content", content)
                .put("single_word", false)
                .put("lstrip", false)
                .put("rstrip", false)
                .put("normalized", false)
                .put("special", special);
        return json;
    }

    private static ObjectNode frame() {
        ObjectNode json = JSON.createObjectNode().put("version", "1.0");
        json.putNull("truncation").putNull("padding").putArray("added_tokens");
        for (int id = 0; id < SPECIALS.size(); id++) {
            added(json, id, SPECIALS.get(id), true);
        }
        return json;
    }

    private static ObjectNode model(ObjectNode json, boolean byteFallback) {
        ObjectNode model = json.putObject("model").put("type", "BPE").putNull("dropout");
        if (byteFallback) {
            model.put("unk_token", "<unk>");
        } else {
            model.putNull("unk_token");
        }
        model.putNull("continuing_subword_prefix").putNull("end_of_word_suffix");
        model.put("fuse_unk", byteFallback).put("byte_fallback", byteFallback).put("ignore_merges", false);
        ObjectNode vocabulary = model.putObject("vocab");
        SPECIALS.forEach(name -> vocabulary.put(name, vocabulary.size()));
        model.putArray("merges");
        return model;
    }

    private static ObjectNode byteLevelStep() {
        return JSON.createObjectNode()
                .put("type", "ByteLevel")
                .put("add_prefix_space", false)
                .put("trim_offsets", true)
                .put("use_regex", false);
    }

    private static void replace(ObjectNode step, String from, String to) {
        step.put("type", "Replace").put("content", to).putObject("pattern").put("String", from);
    }

    /** Adds the piece, built from its longest known beginning and one known rest, character by character if need be. */
    private static void merge(ObjectNode model, String piece) {
        ObjectNode vocabulary = (ObjectNode) model.get("vocab");
        for (int at = piece.length() - 1; at > 0; at--) {
            if (vocabulary.has(piece.substring(0, at)) && vocabulary.has(piece.substring(at))) {
                ((ArrayNode) model.get("merges")).add(piece.substring(0, at) + " " + piece.substring(at));
                vocabulary.put(piece, vocabulary.size());
                return;
            }
        }
        merge(model, piece.substring(0, piece.length() - 1));
        merge(model, piece);
    }

    /** Bytes in the byte-level alphabet. */
    private static String written(byte[] bytes) {
        StringBuilder text = new StringBuilder();
        for (byte b : bytes) {
            int next = 0x100;
            for (int value = 0; value < (b & 0xFF); value++) {
                next += printable(value) ? 0 : 1;
            }
            text.append((char) (printable(b & 0xFF) ? b & 0xFF : next));
        }
        return text.toString();
    }

    private static boolean printable(int value) {
        return (value >= '!' && value <= '~') || (value >= 0xA1 && value != 0xAD);
    }
}
