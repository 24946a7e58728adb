package belle.eval;

/**
 * ROUGE-L (Lin 2004): the F1 of the longest common subsequence, over code points without white space, since Chinese has no words to split at. From
 * 0 to 1.
 */
final class RougeL {
    private RougeL() {}

    static double of(String answer, String reference) {
        int[] said = characters(answer);
        int[] wanted = characters(reference);
        if (said.length == 0 || wanted.length == 0) {
            return 0;
        }
        double common = common(said, wanted);
        if (common == 0) {
            return 0;
        }
        double precision = common / said.length;
        double recall = common / wanted.length;
        return 2 * precision * recall / (precision + recall);
    }

    private static int[] characters(String text) {
        return text.codePoints().filter(c -> !Character.isWhitespace(c)).toArray();
    }

    private static int common(int[] a, int[] b) {
        int[] row = new int[b.length + 1];
        for (int x : a) {
            int diagonal = 0;
            for (int j = 1; j <= b.length; j++) {
                int above = row[j];
                row[j] = x == b[j - 1] ? diagonal + 1 : Math.max(above, row[j - 1]);
                diagonal = above;
            }
        }
        return row[b.length];
    }
}
