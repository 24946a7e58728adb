package belle.datagen;

/**
 * What a token's occurrences in a document count for, of Okapi BM25 (Robertson and Zaragoza 2009, section 3.4) as gensim 3.8
 * computes it: {@code f (k1 + 1) / (f + k1 (1 - b + b length / average length))}.
 */
final class Saturation {
    private static final double K1 = 1.5;
    private static final double B = 0.75;

    /** Most entries are of documents shorter than this that have the token once or twice: those are computed once. */
    private static final int SHORT = 256;

    private static final int FEW_TIMES = 3;

    private final double averageLength;
    private final double[] known = new double[FEW_TIMES * SHORT];

    Saturation(double averageLength) {
        this.averageLength = averageLength;
        for (int times = 1; times < FEW_TIMES; times++) {
            for (int length = 0; length < SHORT; length++) {
                known[times * SHORT + length] = of(times, length);
            }
        }
    }

    /** Of an entry's code (see {@link Postings}). */
    double of(int code) {
        int times = Postings.times(code);
        int length = Postings.length(code);
        return times < FEW_TIMES && length < SHORT ? known[times * SHORT + length] : of(times, length);
    }

    double of(int times, int length) {
        return times * (K1 + 1) / (times + K1 * (1 - B + B * length / averageLength));
    }
}
