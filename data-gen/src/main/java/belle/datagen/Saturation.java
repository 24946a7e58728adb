package belle.datagen;

/**
 * What a token's occurrences in a document count for, of Okapi BM25 (Robertson and Zaragoza 2009, section 3.4) as gensim 3.8
 * computes it: {@code f (k1 + 1) / (f + k1 (1 - b + b length / average length))}.
 */
final class Saturation {
    private static final double K1 = 1.5;
    private static final double B = 0.75;

    private final double averageLength;

    Saturation(double averageLength) {
        this.averageLength = averageLength;
    }

    double of(int times, int length) {
        return times * (K1 + 1) / (times + K1 * (1 - B + B * length / averageLength));
    }
}
