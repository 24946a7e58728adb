package belle.datagen;

import belle.proto.Check;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * An index of token lists that learns each one at once. Scores are Okapi BM25's with gensim 3.8's weights: a token's weight is
 * {@code log(N - n + 0.5) - log(n + 0.5)} for {@code n} of {@code N} documents that have it; a negative one is replaced by a quarter of
 * the average weight of all tokens.
 *
 * <p>A query does not touch every document: tokens are taken in the order of how much they can give at most, and documents that only have the
 * rest are left out as soon as the rest is worth less than the tenth best (the rule of Turtle and Flood 1995, MaxScore, a token at a
 * time). Scores are exact: weights and lengths are those of the moment. For one thread.
 */
final class Bm25Index {
    /** How many documents a query names. */
    static final int NEAREST = 10;

    private static final double NEGATIVE_SHARE = 0.25;
    /** More than what adding up some dozens of scores can be off by. */
    private static final double ROUNDING = 1e-9;

    private final Map<Integer, Postings> postings = new HashMap<>();
    /** How many tokens are in so many documents. */
    private final TreeMap<Integer, Integer> tokensByDocuments = new TreeMap<>();

    private int documents;
    private long totalLength;

    /** A partial score for each document, all 0 between two queries. */
    private double[] scores = new double[1024];

    /** The last query that met a document. */
    private int[] metBy = new int[1024];

    private int[] touched = new int[1024];
    private int touchedCount;
    private int query;

    /** A document's number, in the order of adding, and its score. */
    record Hit(int document, double score) {}

    /**
     * What a query came to.
     *
     * @param nearest at most {@link #NEAREST}, best first; of equal ones the older
     * @param mean over all documents
     */
    record Similarity(List<Hit> nearest, double mean) {
        /** 0 if there is no document. */
        double most() {
            return nearest.isEmpty() ? 0 : nearest.getFirst().score();
        }
    }

    /** Adds a document; its number is the count of those before. */
    void add(int[] tokens) {
        Check.that(tokens.length <= Postings.MAX_LENGTH, "a document has %d tokens", tokens.length);
        countTimes(tokens).forEach((token, times) -> {
            Postings list = postings.computeIfAbsent(token, _ -> new Postings());
            move(list.size(), list.size() + 1);
            list.add(documents, Math.min(times, Postings.MAX_TIMES), tokens.length);
        });
        documents++;
        totalLength += tokens.length;
        if (documents > scores.length) {
            scores = Arrays.copyOf(scores, scores.length * 2);
            touched = Arrays.copyOf(touched, touched.length * 2);
            metBy = Arrays.copyOf(metBy, metBy.length * 2);
        }
    }

    int size() {
        return documents;
    }

    /** Scores all documents against {@code query}, whose tokens count as often as they occur. */
    Similarity similarity(int[] query) {
        if (documents == 0) {
            return new Similarity(List.of(), 0);
        }
        var saturation = new Saturation((double) totalLength / documents);
        List<Term> terms = terms(query, saturation);
        double sum = 0;
        for (Term term : terms) {
            sum += term.weight * term.list.sum(saturation);
        }
        return new Similarity(nearest(terms, saturation), sum / documents);
    }

    /** A token of a query: its weight, times how often the query has it, and the most that it can give. */
    private record Term(Postings list, double weight, double most) {}

    private List<Term> terms(int[] query, Saturation saturation) {
        List<Term> terms = new ArrayList<>();
        countTimes(query).forEach((token, times) -> {
            Postings list = postings.get(token);
            if (list != null) {
                double weight = times * weight(list.size());
                double most = Math.max(weight, 0) * saturation.of(list.mostTimes(), list.leastLength());
                terms.add(new Term(list, weight, most));
            }
        });
        terms.sort((a, b) -> Double.compare(b.most, a.most));
        return terms;
    }

    private double weight(int inDocuments) {
        double weight = plainWeight(inDocuments);
        if (weight >= 0) {
            return weight;
        }
        double sum = 0;
        int tokens = 0;
        for (var entry : tokensByDocuments.entrySet()) {
            sum += entry.getValue() * plainWeight(entry.getKey());
            tokens += entry.getValue();
        }
        return NEGATIVE_SHARE * sum / tokens;
    }

    private double plainWeight(int inDocuments) {
        return Math.log(documents - inDocuments + 0.5) - Math.log(inDocuments + 0.5);
    }

    private List<Hit> nearest(List<Term> terms, Saturation saturation) {
        boolean prunable = terms.stream().allMatch(term -> term.weight >= 0);
        double left = terms.stream().mapToDouble(Term::most).sum();
        int next = 0;
        double tenth = 0;
        query++;
        while (next < terms.size() && !(prunable && left + ROUNDING < tenth)) {
            Term term = terms.get(next);
            add(term, saturation);
            left -= term.most;
            next++;
            tenth = touchedCount < NEAREST ? 0 : tenthBest();
        }
        var best = new Best();
        for (int i = 0; i < touchedCount; i++) {
            int document = touched[i];
            double score = scores[document];
            scores[document] = 0;
            if (next == terms.size() || score + left + ROUNDING >= tenth) {
                for (Term term : terms.subList(next, terms.size())) {
                    int code = term.list.find(document);
                    if (code >= 0) {
                        score += term.weight * saturation.of(Postings.times(code), Postings.length(code));
                    }
                }
                best.offer(document, score);
            }
        }
        touchedCount = 0;
        // Documents without any token of the query score 0. That is better than nothing, and than a negative score.
        for (int document = 0; document < documents && !(prunable && best.isFull()); document++) {
            if (metBy[document] != query) {
                best.offer(document, 0);
            }
        }
        return best.hits();
    }

    private void add(Term term, Saturation saturation) {
        Postings list = term.list;
        for (int i = 0; i < list.size(); i++) {
            int document = list.document(i);
            int code = list.code(i);
            if (metBy[document] != query) {
                metBy[document] = query;
                touched[touchedCount++] = document;
            }
            scores[document] += term.weight * saturation.of(Postings.times(code), Postings.length(code));
        }
    }

    /** The tenth best of the partial scores: no document that ends among the ten best has less in the end. */
    private double tenthBest() {
        double[] best = new double[NEAREST];
        for (int i = 0; i < touchedCount; i++) {
            double score = scores[touched[i]];
            if (score > best[0]) {
                int at = 0;
                while (at + 1 < NEAREST && best[at + 1] < score) {
                    best[at] = best[at + 1];
                    at++;
                }
                best[at] = score;
            }
        }
        return best[0];
    }

    private void move(int from, int to) {
        if (from > 0) {
            tokensByDocuments.computeIfPresent(from, (_, count) -> count == 1 ? null : count - 1);
        }
        tokensByDocuments.merge(to, 1, Integer::sum);
    }

    private static Map<Integer, Integer> countTimes(int[] tokens) {
        Map<Integer, Integer> times = new HashMap<>();
        for (int token : tokens) {
            times.merge(token, 1, Integer::sum);
        }
        return times;
    }
}
