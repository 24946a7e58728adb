package belle.export.tokenizer;

import belle.export.tokenizer.SentencePieceModel.Kind;
import belle.export.tokenizer.SentencePieceModel.Piece;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The ranked merges of a SentencePiece BPE model.
 *
 * <p>The model's file keeps only pieces with scores: two neighbours may join whenever the joined text is a piece, the
 * highest score first. So every way to cut a piece into two pieces is a merge, ranked by the piece's score. Ways to the
 * same score are ranked by the length of their halves, longest first, then by ids: the order that Hugging Face's own
 * conversion has.
 */
final class Merges {
    private Merges() {}

    /** One merge; the result is the piece of {@code left} and {@code right} written together. */
    record Merge(String left, String right, float score, int leftId, int rightId) {
        private static final Comparator<Merge> WITHIN_A_PIECE =
                Comparator.comparingInt(Merge::leftId).thenComparingInt(Merge::rightId);

        private static final Comparator<Merge> BY_RANK = Comparator.<Merge>comparingDouble(merge -> -merge.score)
                .thenComparingInt(merge -> -length(merge.left))
                .thenComparingInt(merge -> -length(merge.right));

        private static int length(String text) {
            return text.codePointCount(0, text.length());
        }
    }

    /** Returns all merges, first rank first. Control, unknown and byte pieces never come out of a merge. */
    static List<Merge> of(List<Piece> pieces) {
        Map<String, Integer> ids = HashMap.newHashMap(pieces.size());
        for (int id = 0; id < pieces.size(); id++) {
            if (pieces.get(id).kind() == Kind.NORMAL) {
                ids.put(pieces.get(id).text(), id);
            }
        }
        List<Merge> merges = new ArrayList<>();
        for (Piece piece : pieces) {
            if (piece.kind() == Kind.NORMAL) {
                merges.addAll(cuts(piece, ids));
            }
        }
        // The sort is stable: merges of one rank stay in the order of their pieces.
        merges.sort(Merge.BY_RANK);
        return merges;
    }

    private static List<Merge> cuts(Piece piece, Map<String, Integer> ids) {
        String text = piece.text();
        List<Merge> cuts = new ArrayList<>();
        for (int at = 1; at < text.length(); at++) {
            if (Character.isLowSurrogate(text.charAt(at))) {
                continue;
            }
            String left = text.substring(0, at);
            String right = text.substring(at);
            Integer leftId = ids.get(left);
            Integer rightId = ids.get(right);
            if (leftId != null && rightId != null) {
                cuts.add(new Merge(left, right, piece.score(), leftId, rightId));
            }
        }
        cuts.sort(Merge.WITHIN_A_PIECE);
        return cuts;
    }
}
