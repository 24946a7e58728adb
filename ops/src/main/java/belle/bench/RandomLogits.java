package belle.bench;

import belle.engine.Logits;
import belle.engine.ModelFacts;
import belle.engine.Step;
import belle.engine.TokenBytes;
import belle.proto.Tokens;
import belle.runtime.StepRunner;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/** In place of a model: rows of normally distributed logits, in native memory as a model's are. */
final class RandomLogits implements StepRunner {
    static final ModelFacts FACTS = new ModelFacts(32_000, 32_000, 4096, Tokens.EMPTY, new OneCharacter());

    private static final int ROWS = 64;
    private static final double DEVIATION = 2;

    private final FloatBuffer values = ByteBuffer.allocateDirect(ROWS * FACTS.vocabulary() * Float.BYTES)
            .order(ByteOrder.nativeOrder())
            .asFloatBuffer();

    RandomLogits(long seed) {
        var random = new Random(seed);
        for (int i = 0; i < values.capacity(); i++) {
            values.put(i, (float) (DEVIATION * random.nextGaussian()));
        }
    }

    @Override
    public Logits run(Step step) {
        return new Rows(values, (int) (step.number() % ROWS), step.logitRows());
    }

    @Override
    public void close() {}

    /** Other rows in every step. */
    private record Rows(FloatBuffer values, int first, int rows) implements Logits {
        @Override
        public int vocabulary() {
            return FACTS.vocabulary();
        }

        @Override
        public float at(int row, int id) {
            return values.get(begin(row) + id);
        }

        @Override
        public void copyRow(int row, float[] into) {
            values.get(begin(row), into, 0, vocabulary());
        }

        private int begin(int row) {
            return (first + row) % ROWS * vocabulary();
        }
    }

    /** Every id is the same letter. */
    private record OneCharacter() implements TokenBytes {
        @Override
        public byte[] bytes(int id) {
            return "的".getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public boolean special(int id) {
            return false;
        }

        @Override
        public int size() {
            return FACTS.vocabulary();
        }

        @Override
        public boolean stripsFirstSpace() {
            return false;
        }
    }
}
