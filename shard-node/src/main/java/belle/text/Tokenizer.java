package belle.text;

import belle.proto.Check;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.Tokens;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Text to tokens and back, for one tokenizer.json. For any number of threads; the opener closes it.
 *
 * <p>Encoding is the tokenizers library's, in native memory; decoding is {@link Vocabulary}'s.
 */
public final class Tokenizer implements AutoCloseable {
    private final Path file;
    private final Vocabulary vocabulary;
    private final NativeTokenizer plain;
    private @Nullable NativeTokenizer whole;

    private Tokenizer(Path file, Vocabulary vocabulary, NativeTokenizer plain) {
        this.file = file;
        this.vocabulary = vocabulary;
        this.plain = plain;
    }

    /** Opens a tokenizer.json; a file that is damaged or of an unknown kind ends in {@link Failure.Broken}. */
    public static Tokenizer open(Path tokenizerJson) {
        TokenizerJson json = TokenizerJson.read(tokenizerJson);
        Vocabulary vocabulary = Vocabulary.of(json);
        return new Tokenizer(tokenizerJson, vocabulary, NativeTokenizer.create(json.plain(), json.file()));
    }

    /**
     * Returns the ids of plain text: nothing is added, and the name of a special token in the text is text like any
     * other. A lone surrogate is taken for U+FFFD.
     */
    public Tokens encode(String text) {
        int[] ids = plain.encode(Utf8.wellFormed(text), false);
        for (int id : ids) {
            Check.that(id < vocabulary.size(), "the tokenizer gave id %d of %d", id, vocabulary.size());
        }
        return Tokens.of(ids);
    }

    /**
     * Returns what the tokenizers library gives by default: special tokens are put around the text and parsed out of
     * it. Never for text that came from outside. Builds a second native tokenizer on its first call.
     */
    public Tokens encodeWithSpecials(String text) {
        return Tokens.of(whole().encode(Utf8.wellFormed(text), true));
    }

    /** Returns the text of {@code ids}, specials left out; an unknown id ends in {@link FailureException}. */
    public String decode(Tokens ids) {
        return vocabulary.decode(ids);
    }

    /** Returns each id as people can read it, specials by their names; unknown ids are empty. */
    public List<String> pieces(Tokens ids) {
        List<String> pieces = new ArrayList<>(ids.size());
        for (int i = 0; i < ids.size(); i++) {
            pieces.add(vocabulary.piece(ids.get(i)));
        }
        return List.copyOf(pieces);
    }

    public Vocabulary vocabulary() {
        return vocabulary;
    }

    private synchronized NativeTokenizer whole() {
        if (whole == null) {
            // Read again: the text of a large vocabulary is not kept for this rare call.
            whole = NativeTokenizer.create(TokenizerJson.read(file).whole(), file.toString());
        }
        return whole;
    }

    @Override
    public synchronized void close() {
        plain.close();
        if (whole != null) {
            whole.close();
        }
    }
}
