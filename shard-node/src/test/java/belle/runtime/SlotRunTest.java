package belle.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import belle.engine.Engine;
import belle.engine.EngineConfig;
import belle.engine.GenerationRequest;
import belle.engine.KvCache;
import belle.engine.Logits;
import belle.engine.ModelFacts;
import belle.engine.Step;
import belle.engine.TokenBytes;
import belle.proto.SamplingParams;
import belle.proto.Tokens;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** A step becomes a run for each chunk of a prompt, and few runs for all that decode. */
class SlotRunTest {
    private static final int CONTEXT = 32;

    private final Engine engine = new Engine(
            new EngineConfig(16, 16, 64, 64, 64),
            new ModelFacts(8, 8, CONTEXT, Tokens.EMPTY, new NoText()),
            new KvCache(16, CONTEXT));

    @Test
    void aPromptsChunkIsARunOfItsOwn() {
        submit(0, 3);
        submit(1, 5);
        assertThat(SlotRun.of(engine.nextStep().orElseThrow()))
                .extracting(
                        SlotRun::firstSlot, SlotRun::tokens, run -> run.slices().size(), SlotRun::logitRows)
                .containsExactly(tuple(0, 3, 1, 1), tuple(1, 5, 1, 1));
    }

    @Test
    void decodesOfNeighboursAreOneRun() {
        List<SlotRun> runs = SlotRun.of(decodesOf(0, 1, 2, 3));
        assertThat(runs).hasSize(1);
        assertThat(runs.getFirst().slices()).hasSize(4).doesNotContainNull();
        assertThat(runs.getFirst().tokens()).isEqualTo(1);
        assertThat(runs.getFirst().logitRows()).isEqualTo(4);
    }

    @Test
    void upToHalfOfARunMayHaveNothingToDo() {
        List<SlotRun> runs = SlotRun.of(decodesOf(2, 5));
        assertThat(runs).hasSize(1);
        assertThat(runs.getFirst().firstSlot()).isEqualTo(2);
        assertThat(runs.getFirst().slices()).hasSize(4);
        assertThat(runs.getFirst().slices().stream().filter(Objects::isNull)).hasSize(2);
    }

    @Test
    void slotsThatLieFartherApartAreRunsOfTheirOwn() {
        assertThat(SlotRun.of(decodesOf(0, 1, 9)))
                .extracting(
                        SlotRun::firstSlot, SlotRun::tokens, run -> run.slices().size(), SlotRun::logitRows)
                .containsExactly(tuple(0, 1, 2, 2), tuple(9, 1, 1, 1));
    }

    /** Ten sequences prefill, one in each slot in the order of their arrival; then only those of {@code slots} go on. */
    private Step decodesOf(Integer... slots) {
        IntStream.range(0, 10).forEach(number -> submit(number, 2));
        Step prompts = engine.nextStep().orElseThrow();
        assertThat(prompts.slices()).extracting(SlotRun::slot).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
        engine.complete(prompts, new Zeros(prompts.logitRows()));
        List<Integer> kept = List.of(slots);
        IntStream.range(0, 10).filter(slot -> !kept.contains(slot)).forEach(slot -> engine.cancel("s" + slot));
        return engine.nextStep().orElseThrow();
    }

    private void submit(int number, int promptTokens) {
        Tokens prompt = Tokens.of(
                IntStream.range(0, promptTokens).map(i -> (number + i) % 8).toArray());
        var request = new GenerationRequest("s" + number, prompt, SamplingParams.greedy(8), "t", false);
        assertThat(engine.submit(request, 1)).isEqualTo(Optional.empty());
    }

    private record Zeros(int rows) implements Logits {
        @Override
        public int vocabulary() {
            return 8;
        }

        @Override
        public float at(int row, int id) {
            return 0;
        }

        @Override
        public void copyRow(int row, float[] into) {
            Arrays.fill(into, 0);
        }
    }

    private static final class NoText implements TokenBytes {
        @Override
        public byte[] bytes(int id) {
            return new byte[0];
        }

        @Override
        public boolean special(int id) {
            return false;
        }

        @Override
        public int size() {
            return 8;
        }

        @Override
        public boolean stripsFirstSpace() {
            return false;
        }
    }
}
