package belle.bench;

import java.io.IOException;
import java.util.Random;

/**
 * Random Chinese text of a wanted number of tokens. The same seed gives every server the same texts; no text ever
 * repeats, so that no prefix cache helps by accident.
 */
final class Prompts {
    private static final String LETTERS = "的一是不了人我在有他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可里后小"
            + "么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样";
    private static final int SAMPLE_LETTERS = 250;

    private final Random random;
    private final double lettersPerToken;

    private Prompts(Random random, double lettersPerToken) {
        this.random = random;
        this.lettersPerToken = lettersPerToken;
    }

    /** Asks the server how many tokens a sample makes. */
    static Prompts sizedFor(CompletionClient client, long seed) throws IOException, InterruptedException {
        var random = new Random(seed);
        var answer = client.complete(letters(random, SAMPLE_LETTERS), 1);
        return new Prompts(random, SAMPLE_LETTERS / (double) answer.promptTokens());
    }

    String ofTokens(int tokens) {
        return letters(random, Math.max(1, (int) Math.round(tokens * lettersPerToken)));
    }

    private static String letters(Random random, int count) {
        var text = new StringBuilder(count);
        for (int i = 0; i < count; i++) {
            text.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
        }
        return text.toString();
    }
}
