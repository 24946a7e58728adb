package belle.datagen;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class Bm25IndexTest {
    static LongStream seeds() {
        return LongStream.range(0, Integer.getInteger("belle.seeds", 40));
    }

    /** The formula, document by document. */
    private static double[] scores(List<int[]> documents, int[] query) {
        double average = documents.stream().mapToInt(d -> d.length).average().orElse(0);
        Map<Integer, Integer> holders = new HashMap<>();
        for (int[] document : documents) {
            Arrays.stream(document).distinct().forEach(token -> holders.merge(token, 1, Integer::sum));
        }
        Map<Integer, Double> weights = new HashMap<>();
        double sum = 0;
        for (var entry : holders.entrySet()) {
            double weight = Math.log(documents.size() - entry.getValue() + 0.5) - Math.log(entry.getValue() + 0.5);
            weights.put(entry.getKey(), weight);
            sum += weight;
        }
        double replacement = 0.25 * sum / holders.size();
        double[] scores = new double[documents.size()];
        for (int d = 0; d < scores.length; d++) {
            int[] document = documents.get(d);
            for (int token : query) {
                long times = Arrays.stream(document).filter(t -> t == token).count();
                if (times > 0) {
                    double plain = weights.getOrDefault(token, 0.0);
                    double weight = plain < 0 ? replacement : plain;
                    scores[d] += weight * times * 2.5 / (times + 1.5 * (0.25 + 0.75 * document.length / average));
                }
            }
        }
        return scores;
    }

    private static int[] text(Random random, int vocabulary) {
        int[] tokens = new int[1 + random.nextInt(12)];
        // Some tokens are everywhere, most are rare.
        Arrays.setAll(tokens, _ -> (int) (vocabulary * Math.pow(random.nextDouble(), 3)));
        return tokens;
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void scoresAreTheFormulasHoweverTheIndexGrew(long seed) {
        var random = new Random(seed);
        int vocabulary = 2 + random.nextInt(200);
        int count = random.nextInt(400);
        var index = new Bm25Index();
        List<int[]> documents = new ArrayList<>();
        for (int i = 0; i <= count; i++) {
            if (i % 7 == 0 || i == count) {
                check(index, documents, text(random, vocabulary + 3));
            }
            int[] document = text(random, vocabulary);
            index.add(document);
            documents.add(document);
        }
    }

    private static void check(Bm25Index index, List<int[]> documents, int[] query) {
        double[] scores = scores(documents, query);
        double most = Arrays.stream(scores).max().orElse(0);
        for (double limit : new double[] {most - 1, most - 1e-6, most + 1e-6, 0.3 * most, -1}) {
            assertThat(index.similarity(query, limit).isEmpty())
                    .as("%s of at most %s", limit, most)
                    .isEqualTo(!documents.isEmpty() && most > limit);
        }
        Bm25Index.Similarity found =
                index.similarity(query, Double.POSITIVE_INFINITY).orElseThrow();
        assertThat(found.mean()).isCloseTo(Arrays.stream(scores).average().orElse(0), within(1e-9));
        // To the last bits scores may differ: what is within them of another one may stand on either side of it.
        List<Integer> best = IntStream.range(0, scores.length)
                .boxed()
                .sorted(Comparator.comparingDouble(d -> -scores[d]))
                .limit(Bm25Index.NEAREST)
                .toList();
        assertThat(found.nearest()).hasSize(best.size());
        assertThat(found.nearest().stream().map(Bm25Index.Hit::document)).doesNotHaveDuplicates();
        for (int i = 0; i < best.size(); i++) {
            assertThat(found.nearest().get(i).score()).isCloseTo(scores[best.get(i)], within(1e-9));
            assertThat(scores[found.nearest().get(i).document()])
                    .isCloseTo(found.nearest().get(i).score(), within(1e-9));
        }
    }
}
