package belle.text;

import belle.engine.TokenBytes;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.Tokens;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of every id, and full decoding. Pure Java, immutable, for any thread.
 *
 * <p>Two kinds of pieces are known. Byte-level BPE (BLOOM) writes each byte as one printable character. SentencePiece
 * (LLaMA) writes a space as U+2581 and single bytes as {@code <0x0A>}, and its encoder puts a space before the text.
 */
public final class Vocabulary implements TokenBytes {
    private static final int[] BYTE_OF = byteAlphabet();
    private static final String SPACE = "\u2581";

    /** What SentencePiece shows for the unknown token. */
    private static final String UNKNOWN_SURFACE = " \u2047 ";

    private final byte[] packed;
    private final int[] ends;
    private final BitSet specials;
    private final BitSet byteFallbacks;
    private final Map<Integer, String> specialNames;
    private final boolean byteLevel;
    private final boolean stripsFirstSpace;
    private final int unknown;

    private Vocabulary(TokenizerJson json, boolean byteLevel) {
        int size = json.size();
        this.byteLevel = byteLevel;
        stripsFirstSpace = !byteLevel && strips(json.decoder());
        specials = new BitSet(size);
        byteFallbacks = new BitSet(size);
        specialNames = new HashMap<>();
        ends = new int[size];
        int found = -1;
        for (TokenizerJson.Added token : json.added()) {
            if (token.special()) {
                specials.set(token.id());
                specialNames.put(token.id(), token.content());
            }
        }
        ByteArrayOutputStream all = new ByteArrayOutputStream(8 * size);
        for (int id = 0; id < size; id++) {
            String piece = json.piece(id);
            if (piece == null) {
                specials.set(id);
                specialNames.put(id, "");
            } else if (!specials.get(id)) {
                all.writeBytes(byteLevel ? byteLevelBytes(piece) : sentencePieceBytes(piece, id, json.byteFallback()));
            }
            if (piece != null && piece.equals(json.unknown())) {
                found = id;
            }
            ends[id] = all.size();
        }
        unknown = found;
        packed = all.toByteArray();
    }

    /** Builds the vocabulary; a decoder of another kind ends in {@link Failure.Broken}. */
    static Vocabulary of(TokenizerJson json) {
        if (mentions(json.decoder(), "ByteLevel") || mentions(json.preTokenizer(), "ByteLevel")) {
            return new Vocabulary(json, true);
        }
        if (mentions(json.decoder(), "Metaspace") || mentions(json.decoder(), "ByteFallback")) {
            return new Vocabulary(json, false);
        }
        throw TokenizerJson.broken(
                json.file(),
                "decoder",
                "is '" + json.decoder().path("type").asText("missing") + "'; known are ByteLevel (as in BLOOM) and"
                        + " SentencePiece's ByteFallback or Metaspace (as in LLaMA)");
    }

    @Override
    public int size() {
        return ends.length;
    }

    @Override
    public boolean special(int id) {
        return id < 0 || id >= ends.length || specials.get(id);
    }

    @Override
    public byte[] bytes(int id) {
        if (special(id)) {
            return new byte[0];
        }
        return Arrays.copyOfRange(packed, id == 0 ? 0 : ends[id - 1], ends[id]);
    }

    @Override
    public boolean stripsFirstSpace() {
        return stripsFirstSpace;
    }

    @Override
    public boolean replacesEachByte() {
        return !byteLevel;
    }

    /**
     * Returns {@code id} as people can read it: its text, its name if it is a special token, or {@code <0xE4><0xBD>}
     * for bytes that are no whole characters.
     */
    public String piece(int id) {
        if (special(id)) {
            return specialNames.getOrDefault(id, "");
        }
        byte[] bytes = bytes(id);
        if (Utf8.valid(bytes)) {
            return new String(bytes, StandardCharsets.UTF_8);
        }
        StringBuilder piece = new StringBuilder();
        for (byte b : bytes) {
            piece.append(String.format("<0x%02X>", b & 0xFF));
        }
        return piece.toString();
    }

    /** Returns the ids of the special tokens' names, or -1. */
    public int specialId(String name) {
        for (Map.Entry<Integer, String> entry : specialNames.entrySet()) {
            if (entry.getValue().equals(name)) {
                return entry.getKey();
            }
        }
        return -1;
    }

    /**
     * Returns the text of a whole list of ids, special tokens left out, broken UTF-8 replaced as the reference
     * libraries do. An id that is not in the vocabulary ends in {@link Failure.Invalid}.
     */
    public String decode(Tokens ids) {
        StringBuilder text = new StringBuilder();
        ByteArrayOutputStream run = new ByteArrayOutputStream();
        boolean first = true;
        for (int i = 0; i < ids.size(); i++) {
            int id = ids.get(i);
            if (id < 0 || id >= ends.length) {
                throw new FailureException(new Failure.Invalid(
                        "tokens", "id " + id + " at place " + i + " is not in the vocabulary of " + ends.length));
            }
            if (special(id)) {
                if (!byteLevel) {
                    // SentencePiece joins bytes only while nothing stands between them.
                    flush(run, text);
                    if (id == unknown) {
                        text.append(UNKNOWN_SURFACE);
                        first = false;
                    }
                }
                continue;
            }
            byte[] bytes = bytes(id);
            boolean added = first && stripsFirstSpace && !byteFallbacks.get(id) && bytes.length > 0 && bytes[0] == ' ';
            run.write(bytes, added ? 1 : 0, bytes.length - (added ? 1 : 0));
            first = false;
        }
        flush(run, text);
        return text.toString();
    }

    private void flush(ByteArrayOutputStream run, StringBuilder text) {
        text.append(Utf8.decode(
                run.toByteArray(), byteLevel ? Utf8.Replacing.LONGEST_BEGINNING : Utf8.Replacing.EACH_BYTE));
        run.reset();
    }

    private static byte[] byteLevelBytes(String piece) {
        byte[] bytes = new byte[piece.length()];
        for (int i = 0; i < bytes.length; i++) {
            char c = piece.charAt(i);
            if (c >= BYTE_OF.length || BYTE_OF[c] < 0) {
                // An added token is written as it reads, not in the byte alphabet.
                return piece.getBytes(StandardCharsets.UTF_8);
            }
            bytes[i] = (byte) BYTE_OF[c];
        }
        return bytes;
    }

    private byte[] sentencePieceBytes(String piece, int id, boolean byteFallback) {
        int value = byteFallback ? byteOf(piece) : -1;
        if (value >= 0) {
            byteFallbacks.set(id);
            return new byte[] {(byte) value};
        }
        return piece.replace(SPACE, " ").getBytes(StandardCharsets.UTF_8);
    }

    /** Returns the byte that {@code <0xNN>} names, or -1 for any other piece. */
    private static int byteOf(String piece) {
        if (piece.length() != 6 || !piece.startsWith("<0x") || piece.charAt(5) != '>') {
            return -1;
        }
        int high = Character.digit(piece.charAt(3), 16);
        int low = Character.digit(piece.charAt(4), 16);
        return high < 0 || low < 0 ? -1 : 16 * high + low;
    }

    /** A byte by its character: printable Latin-1 stands for itself, the 68 others count on from U+0100. */
    private static int[] byteAlphabet() {
        int[] byteOf = new int[0x100 + 68];
        Arrays.fill(byteOf, -1);
        int next = 0x100;
        for (int b = 0; b < 256; b++) {
            boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b != 0xAD);
            byteOf[printable ? b : next++] = b;
        }
        return byteOf;
    }

    /** Tells whether the value is of this type or a sequence that contains it. */
    private static boolean mentions(JsonNode node, String type) {
        return find(node, type) != null;
    }

    private static @Nullable JsonNode find(JsonNode node, String type) {
        if (node.path("type").asText().equals(type)) {
            return node;
        }
        for (String parts : new String[] {"decoders", "pretokenizers"}) {
            for (JsonNode part : node.path(parts)) {
                JsonNode found = find(part, type);
                if (found != null) {
                    return found;
                }
            }
        }
        return null;
    }

    private static boolean strips(JsonNode decoder) {
        JsonNode strip = find(decoder, "Strip");
        if (strip != null) {
            return strip.path("content").asText().equals(" ")
                    && strip.path("start").asInt() > 0;
        }
        JsonNode metaspace = find(decoder, "Metaspace");
        return metaspace != null
                && !metaspace.path("prepend_scheme").asText("always").equals("never")
                && metaspace.path("add_prefix_space").asBoolean(true);
    }
}
