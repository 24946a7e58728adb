package belle.export.tokenizer;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** Writes small SentencePiece model files, right and wrong ones, field by field. */
final class TinyModel {
    static final int NORMAL = 1;
    static final int UNKNOWN = 2;
    static final int CONTROL = 3;
    static final int USER_DEFINED = 4;
    static final int UNUSED = 5;
    static final int BYTE = 6;

    private final ByteArrayOutputStream pieces = new ByteArrayOutputStream();
    private final ByteArrayOutputStream trainer = new ByteArrayOutputStream();
    private final ByteArrayOutputStream normalizer = new ByteArrayOutputStream();

    private interface Fields {
        void write(CodedOutputStream out) throws IOException;
    }

    /** LLaMA's form: three special pieces, 256 byte pieces, then words and characters. */
    static TinyModel llama() {
        TinyModel model = new TinyModel()
                .trainer(3, 2)
                .trainer(35, 1)
                .normalizer(3, 1)
                .normalizer(4, 0)
                .piece("<unk>", 0, UNKNOWN)
                .piece("<s>", 0, CONTROL)
                .piece("</s>", 0, CONTROL);
        for (int b = 0; b < 256; b++) {
            model.piece(String.format("<0x%02X>", b), 0, BYTE);
        }
        String[] words = {"▁a", "ab", "▁ab", "aba"};
        for (int i = 0; i < words.length; i++) {
            model.piece(words[i], -1 - i, NORMAL);
        }
        for (String c : new String[] {"▁", "a", "b", "<", "s>"}) {
            model.piece(c, -100, NORMAL);
        }
        return model;
    }

    TinyModel piece(String text, float score, int kind) {
        return piece(text.getBytes(StandardCharsets.UTF_8), score, kind);
    }

    TinyModel piece(byte[] text, float score, int kind) {
        byte[] piece = message(out -> {
            out.writeByteArray(1, text);
            out.writeFloat(2, score);
            out.writeEnum(3, kind);
        });
        append(pieces, out -> out.writeByteArray(1, piece));
        return this;
    }

    TinyModel trainer(int field, long value) {
        append(trainer, out -> out.writeInt64(field, value));
        return this;
    }

    TinyModel trainerText(int field, String value) {
        append(trainer, out -> out.writeString(field, value));
        return this;
    }

    TinyModel normalizer(int field, long value) {
        append(normalizer, out -> out.writeInt64(field, value));
        return this;
    }

    TinyModel characterMap(byte[] map) {
        append(normalizer, out -> out.writeBytes(2, ByteString.copyFrom(map)));
        return this;
    }

    /** Appends a field of any number with a whole number where the reader may expect a message. */
    TinyModel raw(int field, long value) {
        append(pieces, out -> out.writeInt64(field, value));
        return this;
    }

    byte[] bytes() {
        return message(out -> {
            out.writeRawBytes(pieces.toByteArray());
            out.writeByteArray(2, trainer.toByteArray());
            out.writeByteArray(3, normalizer.toByteArray());
        });
    }

    private static void append(ByteArrayOutputStream into, Fields fields) {
        into.writeBytes(message(fields));
    }

    private static byte[] message(Fields fields) {
        var bytes = new ByteArrayOutputStream();
        try {
            CodedOutputStream out = CodedOutputStream.newInstance(bytes);
            fields.write(out);
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }
}
