package belle.export.tokenizer;

import java.util.List;
import java.util.Optional;

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

    /** Kinds of pieces, in the order of the numbers that files give them, from 1. */
    enum Kind {
        NORMAL,
        UNKNOWN,
        CONTROL,
        USER_DEFINED,
        UNUSED,
        BYTE;

        /** Finds the kind of a file's number. */
        static Optional<Kind> of(long number) {
            return number >= 1 && number <= values().length
                    ? Optional.of(values()[(int) number - 1])
                    : Optional.empty();
        }
    }

    /** One piece; of two possible merges the one with the higher score goes first. */
    record Piece(String text, float score, Kind kind) {}
}
