package belle.export.tokenizer;

import java.util.List;

/**
 * What is needed of a SentencePiece model file.
 *
 * @param pieces by id
 * @param byteFallback characters without a piece are written as 256 byte pieces
 * @param addsDummyPrefix a space is put before the text
 * @param unknown id of the unknown piece
 * @param bosPiece name of the beginning-of-text piece; it may not be among the pieces
 * @param eosPiece name of the end-of-text piece; it may not be among the pieces
 */
record SentencePieceModel(
        List<Piece> pieces,
        boolean byteFallback,
        boolean addsDummyPrefix,
        int unknown,
        String bosPiece,
        String eosPiece) {
    SentencePieceModel {
        pieces = List.copyOf(pieces);
    }

    /** Kinds of pieces. */
    enum Kind {
        NORMAL,
        UNKNOWN,
        CONTROL,
        USER_DEFINED,
        UNUSED,
        BYTE
    }

    /** One piece; of two possible merges the one with the higher score goes first. */
    record Piece(String text, float score, Kind kind) {}
}
