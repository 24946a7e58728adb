package belle.scaling;

import belle.engine.Logits;
import belle.engine.ModelFacts;
import belle.engine.TokenBytes;
import belle.proto.Tokens;
import java.util.Arrays;

/** In place of a model: it knows few ids and says the same one every time, as long as it is asked to. */
final class StandIn {
    /** Few, so that drawing takes little; enough that prompts of random ids have nothing in common. */
    static final int VOCABULARY = 512;

    private StandIn() {}

    static ModelFacts facts(int contextTokens) {
        return new ModelFacts(VOCABULARY, VOCABULARY, contextTokens, Tokens.EMPTY, new OneLetter());
    }

    /** So many rows of zeros. */
    record Zeros(int rows) implements Logits {
        @Override
        public int vocabulary() {
            return VOCABULARY;
        }

        @Override
        public float at(int row, int id) {
            return 0;
        }

        @Override
        public void copyRow(int row, float[] into) {
            Arrays.fill(into, 0, VOCABULARY, 0);
        }
    }

    private record OneLetter() implements TokenBytes {
        @Override
        public byte[] bytes(int id) {
            return new byte[] {'a'};
        }

        @Override
        public boolean special(int id) {
            return false;
        }

        @Override
        public int size() {
            return VOCABULARY;
        }

        @Override
        public boolean stripsFirstSpace() {
            return false;
        }
    }
}
