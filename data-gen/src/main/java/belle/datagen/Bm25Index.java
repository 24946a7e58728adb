package belle.datagen;

import belle.proto.Check;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * An index of token lists that learns each one at once. Scores are Okapi BM25's with gensim 3.8's weights: a token's weight is
 * {@code log(N - n + 0.5) - log(n + 0.5)} for {@code n} of {@code N} documents that have it; a negative one is replaced by a quarter of
 * the average weight of all tokens.
 *
 * <p>A query goes through the lists of its tokens, those that give most first, and adds up a score for each document. A document
 * that comes over a limit ends it: its rarest tokens are enough for what repeats another text, and frequent ones are hardly ever
 * reached then. Scores are exact: weights and lengths are those of the moment. For one thread.
 */
final class Bm25Index {
    /** How many documents a query names. */
    static final int NEAREST = 10;

    private static final double NEGATIVE_SHARE = 0.25;

    /** With entries for a smaller share of the documents than this, only those documents are looked at. */
    private static final int FEW = 4;

    private final Map<Integer, Postings> postings = new HashMap<>();
    /** How many tokens are in so many documents. */
    private final TreeMap<Integer, Integer> tokensByDocuments = new TreeMap<>();

    private int documents;
    private long totalLength;

    /** A partial score for each document, all 0 between two queries. */
    private double[] scores = new double[1024];

    /** A document's number, in the order of adding, and its score. */
    record Hit(int document, double score) {}

    /**
     * What a query came to.
     *
     * @param nearest at most {@link #NEAREST}, best first; of equal ones the older
     * @param mean over all documents
     */
    record Similarity(List<Hit> nearest, double mean) {}

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
        }
    }

    int size() {
        return documents;
    }

    /**
     * Scores all documents against {@code query}, whose tokens count as often as they occur.
     *
     * @return empty where a document's score is over {@code limit}
     */
    Optional<Similarity> similarity(int[] query, double limit) {
        if (documents == 0) {
            return Optional.of(new Similarity(List.of(), 0));
        }
        var saturation = new Saturation((double) totalLength / documents);
        List<Term> terms = terms(query, saturation);
        // Weights below 0 may take away again what came over the limit.
        boolean grows = terms.stream().allMatch(term -> term.weight >= 0);
        long entries = 0;
        for (Term term : terms) {
            boolean over = term.list.addTo(scores, term.weight, saturation, limit);
            entries += term.list.size();
            if (over && grows) {
                clear(terms, entries);
                return Optional.empty();
            }
        }
        Best best = grows && entries < documents / FEW ? bestOf(terms) : bestOfAll();
        if (best.most() > limit) {
            return Optional.empty();
        }
        double sum = 0;
        for (Term term : terms) {
            sum += term.weight * term.list.sum(saturation);
        }
        return Optional.of(new Similarity(best.hits(), sum / documents));
    }

    /** A token of a query: its weight, times how often the query has it, and the most that it can give. */
    private record Term(Postings list, double weight, double most) {}

    private List<Term> terms(int[] query, Saturation saturation) {
        List<Term> terms = new ArrayList<>();
        countTimes(query).forEach((token, times) -> {
            Postings list = postings.get(token);
            if (list != null) {
                double weight = times * weight(list.size());
                terms.add(new Term(list, weight, weight * saturation.of(list.mostTimes(), list.leastLength())));
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

    private void clear(List<Term> terms, long entries) {
        if (entries < documents / FEW) {
            terms.forEach(term -> term.list.clear(scores));
        } else {
            Arrays.fill(scores, 0, documents, 0);
        }
    }

    /** The best of the documents that have a token of the query; and of the others, which score 0, where those are few. */
    private Best bestOf(List<Term> terms) {
        var best = new Best();
        for (Term term : terms) {
            Postings list = term.list;
            for (int i = 0; i < list.size(); i++) {
                int document = list.document(i);
                double score = scores[document];
                if (score > 0) { // Else it was offered before.
                    best.offer(document, score);
                    scores[document] = 0;
                }
            }
        }
        if (!best.isFull()) {
            Set<Integer> met = best.documents();
            for (int document = 0; document < documents && !best.isFull(); document++) {
                if (!met.contains(document)) {
                    best.offer(document, 0);
                }
            }
        }
        return best;
    }

    private Best bestOfAll() {
        var best = new Best();
        for (int document = 0; document < documents; document++) {
            if (best.takes(scores[document])) {
                best.offer(document, scores[document]);
            }
            scores[document] = 0;
        }
        return best;
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
