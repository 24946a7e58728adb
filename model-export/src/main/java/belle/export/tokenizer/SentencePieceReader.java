package belle.export.tokenizer;

import belle.export.tokenizer.SentencePieceModel.Kind;
import belle.export.tokenizer.SentencePieceModel.Piece;
import belle.proto.Failure;
import belle.proto.FailureException;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads a SentencePiece model: the protobuf message ModelProto of sentencepiece_model.proto (field numbers from there).
 *
 * <p>A model whose text processing differs from LLaMA's (another algorithm, a character map, whitespace clean-up) is
 * refused by the name of the field, since the conversion would silently give other ids.
 */
final class SentencePieceReader {
    static final int MOST_PIECES = 1 << 22;
    static final int MOST_PIECE_BYTES = 4096;

    private static final int MODEL_TYPE_BPE = 2;

    private final Path file;
    private final List<Piece> pieces = new ArrayList<>();
    private final Map<String, Integer> ids = new HashMap<>();
    private long modelType = 1;
    private boolean byteFallback;
    private boolean whitespaceAsSuffix;
    private String bosPiece = "<s>";
    private String eosPiece = "</s>";
    private boolean addsDummyPrefix = true;
    private boolean removesExtraWhitespace = true;
    private boolean escapesWhitespace = true;
    private int characterMapBytes;

    private SentencePieceReader(Path file) {
        this.file = file;
    }

    /** Reads and checks the file; every fault ends in {@link Failure.Broken} naming the field. */
    static SentencePieceModel read(Path file) {
        SentencePieceReader reader = new SentencePieceReader(file);
        try {
            reader.readModel(CodedInputStream.newInstance(SourceText.bytes(file)));
        } catch (IOException e) {
            throw new FailureException(
                    new Failure.Broken(
                            file.toString(),
                            "pieces[" + reader.pieces.size() + "] or behind",
                            "is no SentencePiece model or is cut: " + e.getMessage()),
                    e);
        }
        return reader.checked();
    }

    private void readModel(CodedInputStream in) throws IOException {
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case 1 -> readPiece(message(in, tag, "pieces[" + pieces.size() + "]"));
                case 2 -> readTrainer(message(in, tag, "trainer_spec"));
                case 3 -> readNormalizer(message(in, tag, "normalizer_spec"));
                default -> skip(in, tag);
            }
        }
    }

    private void readPiece(CodedInputStream in) throws IOException {
        String field = "pieces[" + pieces.size() + "]";
        String text = "";
        float score = 0;
        long kind = 1;
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case 1 -> text = string(in, tag, field + ".piece");
                case 2 -> {
                    require(
                            WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_FIXED32,
                            field + ".score",
                            "is not a float");
                    score = in.readFloat();
                }
                case 3 -> kind = varint(in, tag, field + ".type");
                default -> skip(in, tag);
            }
        }
        Optional<Kind> known = Kind.of(kind);
        require(known.isPresent(), field + ".type", "is " + kind + ", which is no known kind");
        require(!text.isEmpty(), field + ".piece", "is empty");
        require(!Float.isNaN(score) && !Float.isInfinite(score), field + ".score", "is " + score);
        Integer first = ids.put(text, pieces.size());
        require(first == null, field + ".piece", "'" + text + "' is also pieces[" + first + "]");
        require(pieces.size() < MOST_PIECES, "pieces", "are more than " + MOST_PIECES);
        pieces.add(new Piece(text, score, known.orElseThrow()));
    }

    private void readTrainer(CodedInputStream in) throws IOException {
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case 3 -> modelType = varint(in, tag, "trainer_spec.model_type");
                case 24 -> whitespaceAsSuffix = flag(in, tag, "trainer_spec.treat_whitespace_as_suffix");
                case 35 -> byteFallback = flag(in, tag, "trainer_spec.byte_fallback");
                case 46 -> bosPiece = string(in, tag, "trainer_spec.bos_piece");
                case 47 -> eosPiece = string(in, tag, "trainer_spec.eos_piece");
                default -> skip(in, tag);
            }
        }
    }

    private void readNormalizer(CodedInputStream in) throws IOException {
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case 2 ->
                    characterMapBytes = bytes(in, tag, "normalizer_spec.precompiled_charsmap")
                            .size();
                case 3 -> addsDummyPrefix = flag(in, tag, "normalizer_spec.add_dummy_prefix");
                case 4 -> removesExtraWhitespace = flag(in, tag, "normalizer_spec.remove_extra_whitespaces");
                case 5 -> escapesWhitespace = flag(in, tag, "normalizer_spec.escape_whitespaces");
                default -> skip(in, tag);
            }
        }
    }

    private SentencePieceModel checked() {
        require(!pieces.isEmpty(), "pieces", "are missing");
        require(
                modelType == MODEL_TYPE_BPE,
                "trainer_spec.model_type",
                "is " + modelType + "; only BPE (" + MODEL_TYPE_BPE + "), as LLaMA has it, is converted");
        require(!whitespaceAsSuffix, "trainer_spec.treat_whitespace_as_suffix", "is set, which is not converted");
        require(
                characterMapBytes == 0,
                "normalizer_spec.precompiled_charsmap",
                "has " + characterMapBytes + " bytes; only models without normalisation, as LLaMA's, are converted");
        require(!removesExtraWhitespace, "normalizer_spec.remove_extra_whitespaces", "is set, which is not converted");
        require(escapesWhitespace, "normalizer_spec.escape_whitespaces", "is not set, which is not converted");
        int unknown = -1;
        int bytePieces = 0;
        for (int id = 0; id < pieces.size(); id++) {
            Piece piece = pieces.get(id);
            switch (piece.kind()) {
                case UNKNOWN -> {
                    require(unknown < 0, "pieces[" + id + "].type", "is a second unknown piece, after " + unknown);
                    unknown = id;
                }
                case BYTE -> {
                    require(
                            piece.text().matches("<0x[0-9A-F]{2}>"),
                            "pieces[" + id + "].piece",
                            "'" + piece.text() + "' is no byte piece's name, like <0x0A>");
                    bytePieces++;
                }
                case UNUSED ->
                    throw SourceText.broken(file, "pieces[" + id + "].type", "is unused, which is not converted");
                case NORMAL, CONTROL, USER_DEFINED -> {}
            }
        }
        require(unknown >= 0, "pieces", "hold no unknown piece");
        require(
                bytePieces == (byteFallback ? 256 : 0),
                "trainer_spec.byte_fallback",
                "is " + byteFallback + ", but there are " + bytePieces + " byte pieces");
        return new SentencePieceModel(pieces, byteFallback, addsDummyPrefix, unknown, bosPiece, eosPiece);
    }

    private CodedInputStream message(CodedInputStream in, int tag, String field) throws IOException {
        return bytes(in, tag, field).newCodedInput();
    }

    private ByteString bytes(CodedInputStream in, int tag, String field) throws IOException {
        require(
                WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED,
                field,
                "has wire type " + WireFormat.getTagWireType(tag));
        return in.readBytes();
    }

    private String string(CodedInputStream in, int tag, String field) throws IOException {
        ByteString value = bytes(in, tag, field);
        require(value.isValidUtf8(), field, "is not UTF-8");
        require(
                value.size() <= MOST_PIECE_BYTES,
                field,
                "has " + value.size() + " bytes, more than " + MOST_PIECE_BYTES);
        return value.toStringUtf8();
    }

    private long varint(CodedInputStream in, int tag, String field) throws IOException {
        require(
                WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_VARINT,
                field,
                "has wire type " + WireFormat.getTagWireType(tag));
        return in.readInt64();
    }

    private boolean flag(CodedInputStream in, int tag, String field) throws IOException {
        return varint(in, tag, field) != 0;
    }

    private void skip(CodedInputStream in, int tag) throws IOException {
        require(in.skipField(tag), "protobuf", "ends a group that never began");
    }

    private void require(boolean holds, String field, String problem) {
        if (!holds) {
            throw SourceText.broken(file, field, problem);
        }
    }
}
