package belle.text;

import belle.proto.Failure;
import belle.proto.FailureException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A tokenizer.json, read in one pass, and the places in its text that are cut out for an encoder of plain text.
 *
 * <p>BLOOM's file is 14 MB of vocabulary and merges. They are neither built into a tree nor written again: the two
 * texts for the native library are the file's own with a few spans replaced.
 */
final class TokenizerJson {
    /** Ids above this are taken for damage: the largest published vocabulary has some hundred thousand. */
    static final int MOST_TOKENS = 1 << 22;

    /** A vocabulary's field names are all different: there is nothing to gain from keeping them for the next file. */
    private static final ObjectMapper JSON = new ObjectMapper(JsonFactory.builder()
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .build());

    /** A token that stands beside the model's vocabulary; one inside it too when it is a special one. */
    record Added(int id, String content, boolean special, JsonNode node) {}

    private record Edit(long from, long to, String replacement) {}

    private final String file;
    private final String text;
    private final List<Edit> cuts = new ArrayList<>();
    private final List<Added> added = new ArrayList<>();

    /** Pieces by id, null where the model has none, and where each one's name begins and ends in the text. */
    private @Nullable String[] pieces = new @Nullable String[1 << 12];

    private long[] nameEnds = new long[1 << 12];
    private long[] nameStarts = new long[1 << 12];
    private int size;
    private int modelPieces;
    private long vocabularyEnd = -1;
    private @Nullable Edit addedTokens;
    private @Nullable Edit postProcessor;
    private String unknown = "";
    private boolean byteFallback;
    private JsonNode decoder = JSON.nullNode();
    private JsonNode preTokenizer = JSON.nullNode();

    private TokenizerJson(String file, String text) {
        this.file = file;
        this.text = text;
    }

    /** Reads the file; one that is no BPE tokenizer.json ends in {@link Failure.Broken} naming the field. */
    static TokenizerJson read(Path path) {
        String file = path.toString();
        try {
            TokenizerJson json = new TokenizerJson(file, Files.readString(path));
            try (JsonParser parser = JSON.createParser(json.text)) {
                json.readTop(parser);
            }
            return json;
        } catch (CharacterCodingException e) {
            throw broken(file, "text", "is not UTF-8");
        } catch (IOException e) {
            throw new FailureException(
                    new Failure.Broken(file, "json", e.getMessage() == null ? e.toString() : firstLine(e.getMessage())),
                    e);
        }
    }

    String file() {
        return file;
    }

    int size() {
        return size;
    }

    /** Returns the model's or added piece of {@code id}, null where there is none. */
    @Nullable String piece(int id) {
        return pieces[id];
    }

    List<Added> added() {
        return added;
    }

    String unknown() {
        return unknown;
    }

    boolean byteFallback() {
        return byteFallback;
    }

    JsonNode decoder() {
        return decoder;
    }

    JsonNode preTokenizer() {
        return preTokenizer;
    }

    /** The tokenizer as its library's default has it, but for truncation and padding, which are taken out. */
    String whole() {
        return apply(cuts);
    }

    /**
     * The tokenizer for plain text: no text reaches a special token, nothing is put around the text. Special tokens
     * are no longer looked for, and their names in the vocabulary get a leading space, which no normalised text has,
     * so that a model that looks up whole words first ({@code ignore_merges}) does not find them either.
     */
    String plain() {
        List<Edit> edits = new ArrayList<>(cuts);
        StringBuilder kept = new StringBuilder();
        StringBuilder appended = new StringBuilder();
        for (Added token : added) {
            if (!token.special()) {
                kept.append(kept.isEmpty() ? "" : ",").append(token.node());
            }
            boolean inModel = nameEnds[token.id()] != 0;
            if (token.special() && inModel && !token.content().equals(unknown)) {
                edits.add(new Edit(nameStarts[token.id()], nameEnds[token.id()], quoted(" " + token.content())));
            } else if (!inModel) {
                // Keeps the ids of the tokens behind it: the library counts on from the vocabulary's size.
                appended.append(modelPieces == 0 && appended.isEmpty() ? "" : ",")
                        .append(quoted((token.special() ? " " : "") + token.content()))
                        .append(':')
                        .append(token.id());
            }
        }
        edits.add(new Edit(vocabularyEnd, vocabularyEnd, appended.toString()));
        if (addedTokens != null) {
            edits.add(new Edit(addedTokens.from(), addedTokens.to(), "[" + kept + "]"));
        }
        if (postProcessor != null) {
            edits.add(postProcessor);
        }
        return apply(edits);
    }

    private static String quoted(String name) {
        return JSON.getNodeFactory().textNode(name).toString();
    }

    private String apply(List<Edit> edits) {
        List<Edit> inOrder = new ArrayList<>(edits);
        inOrder.sort(Comparator.comparingLong(Edit::from));
        StringBuilder out = new StringBuilder(text.length() + 1024);
        int at = 0;
        for (Edit edit : inOrder) {
            out.append(text, at, (int) edit.from()).append(edit.replacement());
            at = (int) edit.to();
        }
        return out.append(text, at, text.length()).toString();
    }

    private void readTop(JsonParser in) throws IOException {
        require(in.nextToken() == JsonToken.START_OBJECT, "json", "is not an object");
        while (in.nextToken() == JsonToken.FIELD_NAME) {
            String field = in.currentName();
            in.nextToken();
            long from = in.currentTokenLocation().getCharOffset();
            switch (field) {
                case "model" -> readModel(in);
                case "added_tokens" -> {
                    JsonNode tokens = JSON.readTree(in);
                    addedTokens = new Edit(from, in.currentLocation().getCharOffset(), "");
                    readAdded(tokens);
                }
                case "decoder" -> decoder = JSON.readTree(in);
                case "pre_tokenizer" -> preTokenizer = JSON.readTree(in);
                case "post_processor" -> postProcessor = skipped(in, from);
                case "truncation", "padding" -> cuts.add(skipped(in, from));
                default -> in.skipChildren();
            }
        }
        require(vocabularyEnd >= 0, "model.vocab", "is missing");
        for (Added token : added) {
            String there = token.id() < size ? pieces[token.id()] : null;
            require(
                    there == null || there.equals(token.content()),
                    "added_tokens",
                    "id " + token.id() + " is '" + token.content() + "' here and '" + there + "' in the vocabulary");
            put(token.id(), token.content(), 0, 0);
        }
        require(size > 0, "model.vocab", "is empty");
    }

    /** Skips a value that is replaced by null. A scalar's end is not the parser's place, but a null needs no edit. */
    private static Edit skipped(JsonParser in, long from) throws IOException {
        if (!in.currentToken().isStructStart()) {
            return new Edit(from, from, "");
        }
        in.skipChildren();
        return new Edit(from, in.currentLocation().getCharOffset(), "null");
    }

    private void readModel(JsonParser in) throws IOException {
        require(in.currentToken() == JsonToken.START_OBJECT, "model", "is not an object");
        String type = "BPE";
        while (in.nextToken() == JsonToken.FIELD_NAME) {
            String field = in.currentName();
            in.nextToken();
            switch (field) {
                case "type" -> type = in.getText();
                case "unk_token" -> unknown = in.currentToken() == JsonToken.VALUE_STRING ? in.getText() : "";
                case "byte_fallback" -> byteFallback = in.currentToken() == JsonToken.VALUE_TRUE;
                case "vocab" -> readVocabulary(in);
                default -> in.skipChildren();
            }
        }
        require(type.equals("BPE"), "model.type", "is '" + type + "'; only BPE is known");
    }

    private void readVocabulary(JsonParser in) throws IOException {
        require(in.currentToken() == JsonToken.START_OBJECT, "model.vocab", "is not an object");
        while (in.nextToken() == JsonToken.FIELD_NAME) {
            String piece = in.currentName();
            long from = in.currentTokenLocation().getCharOffset();
            // The name's end: its own characters only when none is escaped, so it is looked for in the text.
            long to = endOfString((int) from);
            in.nextToken();
            require(
                    in.currentToken() == JsonToken.VALUE_NUMBER_INT,
                    "model.vocab",
                    "'" + piece + "' has no whole number");
            long id = in.getLongValue();
            require(
                    id >= 0 && id < MOST_TOKENS,
                    "model.vocab",
                    "'" + piece + "' has id " + id + ", not in [0, " + MOST_TOKENS + ")");
            require(
                    id >= size || pieces[(int) id] == null,
                    "model.vocab",
                    "id " + id + " is given to two pieces, '" + piece + "' is the second");
            put((int) id, piece, from, to);
            modelPieces++;
        }
        vocabularyEnd = in.currentTokenLocation().getCharOffset();
    }

    private int endOfString(int from) {
        int at = from + 1;
        while (text.charAt(at) != '"') {
            at += text.charAt(at) == '\\' ? 2 : 1;
        }
        return at + 1;
    }

    private void readAdded(JsonNode tokens) {
        require(tokens.isArray(), "added_tokens", "is not a list");
        for (JsonNode token : tokens) {
            JsonNode id = token.path("id");
            JsonNode content = token.path("content");
            require(
                    id.isInt() && id.intValue() >= 0 && id.intValue() < MOST_TOKENS && content.isTextual(),
                    "added_tokens",
                    "an entry without a good id and content: " + token);
            added.add(new Added(
                    id.intValue(), content.textValue(), token.path("special").booleanValue(), token));
        }
        added.sort(Comparator.comparingInt(Added::id));
    }

    private void put(int id, String piece, long from, long to) {
        if (id >= pieces.length) {
            int length = Math.max(2 * pieces.length, id + 1);
            pieces = Arrays.copyOf(pieces, length);
            nameStarts = Arrays.copyOf(nameStarts, length);
            nameEnds = Arrays.copyOf(nameEnds, length);
        }
        if (pieces[id] == null) {
            pieces[id] = piece;
            nameStarts[id] = from;
            nameEnds[id] = to;
        }
        size = Math.max(size, id + 1);
    }

    private void require(boolean holds, String field, String problem) {
        if (!holds) {
            throw broken(file, field, problem);
        }
    }

    static FailureException broken(String file, String field, String problem) {
        return new FailureException(new Failure.Broken(file, field, problem));
    }

    private static String firstLine(String message) {
        return message.lines().findFirst().orElse("unreadable");
    }
}
