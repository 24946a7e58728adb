package belle.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class StopRulesTest {
    static LongStream seeds() {
        Long one = Long.getLong("seed");
        return one != null ? LongStream.of(one) : LongStream.range(0, 1_000);
    }

    @ParameterizedTest(name = "-Dseed={0}")
    @MethodSource("seeds")
    void theCutDoesNotDependOnThePieces(long seed) {
        var random = new SplittableRandom(seed);
        List<String> stops = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            stops.add(letters(random, 1 + random.nextInt(5)));
        }
        String text = letters(random, random.nextInt(20));
        String expected = cut(text, stops);

        var rules = new StopRules(stops);
        var shown = new StringBuilder();
        for (int at = 0; at < text.length() && !rules.stopped(); ) {
            int end = Math.min(text.length(), at + random.nextInt(4));
            shown.append(rules.push(text.substring(at, end)));
            assertThat(expected).startsWith(shown);
            assertThat(rules.stopped() ? expected.length() : longestCertain(text.substring(0, end), stops))
                    .as("held back no more than needed")
                    .isEqualTo(shown.length());
            at = end;
        }
        shown.append(rules.finish());
        assertThat(shown.toString()).as("%s cut at %s", text, stops).isEqualTo(expected);
        assertThat(rules.stopped()).isEqualTo(containsAny(text, stops));
    }

    @Test
    void theStringThatIsCompleteFirstWins() {
        var rules = new StopRules(List.of("abcd", "bc"));
        assertThat(rules.push("xabcd")).isEqualTo("xa");
        assertThat(rules.stopped()).isTrue();
        assertThat(rules.push("more")).isEmpty();
        assertThat(rules.finish()).isEmpty();
    }

    @Test
    void ofTwoThatEndTogetherTheLongerWins() {
        assertThat(new StopRules(List.of("c", "abc")).push("xabc")).isEqualTo("x");
    }

    @Test
    void holdsBackWhatMayBeginAStopString() {
        var rules = new StopRules(List.of("\nHuman:"));
        assertThat(rules.push("你好\n")).isEqualTo("你好");
        assertThat(rules.push("Hu")).isEmpty();
        assertThat(rules.push("h")).isEqualTo("\nHuh");
        assertThat(rules.push("\nHuman: ")).isEmpty();
        assertThat(rules.stopped()).isTrue();
    }

    private static String letters(SplittableRandom random, int length) {
        return random.ints(length, 'a', 'c')
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    private static boolean containsAny(String text, List<String> stops) {
        return stops.stream().anyMatch(text::contains);
    }

    /** Reads letter by letter until the text ends with a stop string. */
    private static String cut(String text, List<String> stops) {
        for (int end = 1; end <= text.length(); end++) {
            String read = text.substring(0, end);
            int longest = stops.stream()
                    .filter(read::endsWith)
                    .mapToInt(String::length)
                    .max()
                    .orElse(0);
            if (longest > 0) {
                return text.substring(0, end - longest);
            }
        }
        return text;
    }

    private static int longestCertain(String text, List<String> stops) {
        for (int certain = 0; certain < text.length(); certain++) {
            String rest = text.substring(certain);
            if (stops.stream().anyMatch(stop -> stop.startsWith(rest))) {
                return certain;
            }
        }
        return text.length();
    }
}
