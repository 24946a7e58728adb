package belle.engine;

import static org.assertj.core.api.Assertions.assertThat;

import belle.proto.Tokens;
import org.junit.jupiter.api.Test;

class PromptLookupTest {
    private static Tokens guess(int most, int... ids) {
        return PromptLookup.guess(new History(Tokens.of(ids)), most);
    }

    @Test
    void goesOnAsItDidBefore() {
        assertThat(guess(4, 1, 2, 3, 4, 5, 6, 9, 1, 2, 3)).isEqualTo(Tokens.of(4, 5, 6, 9));
        assertThat(guess(2, 1, 2, 3, 4, 5, 6, 9, 1, 2, 3)).isEqualTo(Tokens.of(4, 5));
    }

    @Test
    void takesTheLatestPlaceOfTheMostTokens() {
        assertThat(guess(1, 7, 2, 3, 4, 8, 2, 3, 5, 7, 2, 3)).isEqualTo(Tokens.of(4));
        assertThat(guess(1, 6, 2, 3, 4, 8, 2, 3, 5, 7, 2, 3)).isEqualTo(Tokens.of(5));
    }

    @Test
    void repeatsWhatRepeatsItself() {
        assertThat(guess(5, 4, 4, 4, 4)).isEqualTo(Tokens.of(4, 4, 4, 4, 4));
        assertThat(guess(5, 1, 2, 1, 2, 1, 2)).isEqualTo(Tokens.of(1, 2, 1, 2, 1));
    }

    @Test
    void guessesNothingWithoutAReason() {
        assertThat(guess(4, 1, 2, 3, 4)).isEqualTo(Tokens.EMPTY);
        assertThat(guess(4, 3, 9, 3)).isEqualTo(Tokens.EMPTY);
        assertThat(guess(4, 1)).isEqualTo(Tokens.EMPTY);
        assertThat(guess(0, 1, 2, 1, 2)).isEqualTo(Tokens.EMPTY);
    }
}
