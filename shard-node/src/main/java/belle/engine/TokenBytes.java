package belle.engine;

/** What the engine knows of a vocabulary: the bytes that each id adds to a text. Immutable, for any thread. */
public interface TokenBytes {
    /** Returns the bytes of {@code id} in the middle of a text; none for a special or unknown id. A fresh array. */
    byte[] bytes(int id);

    /** Tells whether {@code id} is a control token (or no token at all), which never shows in a text. */
    boolean special(int id);

    /** Number of ids: every id of the tokenizer is below it. */
    int size();

    /** Tells whether the first id's leading space was added by the encoder and is no part of a whole text. */
    boolean stripsFirstSpace();

    /**
     * Tells what one U+FFFD stands for in broken UTF-8: each byte (SentencePiece), or the longest run that begins like
     * a character (byte-level BPE; the Unicode standard's recommendation, section 3.9).
     */
    default boolean replacesEachByte() {
        return stripsFirstSpace();
    }
}
