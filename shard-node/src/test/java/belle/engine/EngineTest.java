package belle.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.data.Offset.offset;

import belle.proto.Failure;
import belle.proto.FinishReason;
import belle.proto.SamplingParams;
import belle.proto.TokenLogprob;
import belle.proto.Tokens;
import belle.proto.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EngineTest {
    private static final Tokens PROMPT = Tokens.of(0, 1, 0, 0, 1, 1, 0);

    private final KvCache cache = new KvCache(40, 2);
    private final HashModel model = new HashModel(40, 2);
    private final Engine engine = new Engine(new EngineConfig(4, 4, 64, 64, 64), Alone.MODEL, cache);

    @Test
    void endsAtTheLengthLimit() {
        submit(request("a", PROMPT, ignoringEos(5)));
        Transcript told = run("a");
        assertThat(told.ids().get(0)).hasSize(5);
        assertThat(told.reasons()).containsEntry(0, FinishReason.LENGTH);
        assertThat(told.usage()).isEqualTo(new Usage(7, 0, 5));
    }

    @Test
    void endsAtAnEndTokenWhichIsCountedAndHasNoText() {
        SamplingParams bias = params(9, 0, 0, Map.of(Letters.END, 100.0), 1, List.of(), false);
        submit(request("a", PROMPT, bias));
        Transcript told = run("a");
        assertThat(told.ids().get(0)).containsExactly(Letters.END);
        assertThat(told.texts()).containsEntry(0, "");
        assertThat(told.reasons()).containsEntry(0, FinishReason.STOP);
        assertThat(told.usage().completionTokens()).isEqualTo(1);
    }

    @Test
    void cutsBeforeAStopStringThatBeginsInAnEarlierToken() {
        SamplingParams onlyA = params(9, 0, 0, Map.of(0, 100.0), 1, List.of("aaa"), true);
        submit(request("a", PROMPT, onlyA));
        Transcript told = run("a");
        assertThat(told.ids().get(0)).containsExactly(0, 0, 0);
        assertThat(told.texts()).containsEntry(0, "");
        assertThat(told.reasons()).containsEntry(0, FinishReason.STOP);
    }

    /** Nothing but "a" is drawn, so every guess is right: 20 tokens take a prompt's step and five of four tokens, the last cut. */
    @Test
    void rightGuessesSaveSteps() {
        var guessing = new Engine(new EngineConfig(4, 4, 64, 64, 64, 0, 3), Alone.MODEL, new KvCache(8, 16));
        var own = new HashModel(8, 16);
        SamplingParams onlyA = params(20, 0, 0, Map.of(0, 100.0), 1, List.of(), true);
        assertThat(guessing.submit(request("a", PROMPT, onlyA), 1)).isEmpty();
        var told = new Transcript();
        int steps = 0;
        for (var step = guessing.nextStep(); step.isPresent(); step = guessing.nextStep()) {
            guessing.complete(step.get(), own.run(step.get())).forEach(told::add);
            steps++;
        }
        assertThat(told.ids().get(0)).hasSize(20).containsOnly(0);
        assertThat(told.usage()).isEqualTo(new Usage(7, 0, 20));
        assertThat(steps).isBetween(6, 8);
        assertThat(guessing.load().leasedBlocks()).isZero();
    }

    @Test
    void givesWhatWasHeldBackAtTheEnd() {
        SamplingParams half = params(2, 0, 0, Map.of(2, 100.0), 1, List.of(), true);
        submit(request("a", PROMPT, half));
        assertThat(run("a").texts()).containsEntry(0, "\uFFFD\uFFFD");

        SamplingParams held = params(2, 0, 0, Map.of(0, 100.0), 1, List.of("aaa"), true);
        submit(request("b", PROMPT, held));
        Transcript told = run("b");
        assertThat(told.texts()).containsEntry(0, "aa");
        assertThat(told.reasons()).containsEntry(0, FinishReason.LENGTH);
    }

    @Test
    void choicesDifferAndSharePromptAndUsage() {
        submit(request("a", PROMPT, params(12, 1.5, -1, Map.of(), 3, List.of(), true)));
        Transcript told = run("a");
        assertThat(told.ids()).hasSize(3);
        assertThat(told.ids().values()).doesNotHaveDuplicates();
        assertThat(told.usage()).isEqualTo(new Usage(7, 0, 36));
        assertThat(engine.load().reusedTokens()).isEqualTo(2 * 6);
    }

    @Test
    void theSameSeedGivesTheSameTokensWhateverElseRuns() {
        SamplingParams sampled = params(12, 1.2, 3, Map.of(), 1, List.of(), true);
        submit(request("alone", PROMPT, sampled));
        String alone = run("alone").told();
        submit(request("other", Tokens.of(1, 1), sampled));
        submit(request("again", PROMPT, sampled));
        assertThat(run("again").told()).isEqualTo(alone);
    }

    @Test
    void anotherTurnFindsThePrefixOfTheOneBefore() {
        submit(request("a", PROMPT, ignoringEos(6)));
        List<Integer> answer = run("a").ids().getOrDefault(0, List.of());
        Tokens turn = PROMPT.plus(Tokens.of(answer.stream().mapToInt(id -> id).toArray()))
                .plus(Tokens.of(1, 0));
        submit(request("b", turn, ignoringEos(1)));
        assertThat(run("b").usage()).isEqualTo(new Usage(15, 12, 1));
    }

    @Test
    void echoScoresEveryPromptTokenAndNeedsNoNewOne() {
        submit(new GenerationRequest("a", PROMPT, params(0, 0, 2, Map.of(), 1, List.of(), false), "t", true));
        Transcript told = run("a");
        assertThat(told.scored()).extracting(TokenLogprob::id).containsExactly(0, 1, 0, 0, 1, 1, 0);
        assertThat(told.scored().getFirst().logprob()).isNaN();
        assertThat(told.scored().subList(1, 7)).allSatisfy(entry -> {
            assertThat(entry.logprob()).isNegative();
            assertThat(entry.top()).hasSize(2);
            assertThat(entry.top().getFirst().logprob()).isGreaterThanOrEqualTo(entry.logprob());
        });
        assertThat(told.ids()).isEmpty();
        assertThat(told.reasons()).containsEntry(0, FinishReason.LENGTH);
        assertThat(told.usage()).isEqualTo(new Usage(7, 0, 0));
    }

    @Test
    void logprobsAreTheModelsOwnWhateverIsDrawn() {
        submit(request("a", PROMPT, params(1, 0, 5, Map.of(3, 100.0), 1, List.of(), false)));
        Step step = engine.nextStep().orElseThrow();
        Logits logits = model.run(step);
        List<Output> outputs = engine.complete(step, logits);
        TokenLogprob entry = ((Output.Token) outputs.getFirst()).logprob().orElseThrow();
        double sum = 0;
        for (int id = 0; id < Letters.ROW; id++) {
            sum += Math.exp(logits.at(0, id));
        }
        assertThat(entry.id()).isEqualTo(3);
        assertThat(entry.text()).isEqualTo("\uFFFD");
        assertThat(entry.logprob()).isCloseTo(logits.at(0, 3) - Math.log(sum), offset(1e-12));
        assertThat(entry.top()).hasSize(Letters.TOKENS);
        assertThat(entry.top()).isSortedAccordingTo((a, b) -> Double.compare(b.logprob(), a.logprob()));
    }

    @Test
    void aCancelledStreamFreesItsBlocksAndIsHeardOfNoMore() {
        submit(request("a", PROMPT, ignoringEos(5)));
        submit(request("b", PROMPT, ignoringEos(1)));
        Step step = engine.nextStep().orElseThrow();
        assertThat(engine.cancel("a")).isTrue();
        assertThat(engine.cancel("a")).isFalse();
        assertThat(engine.complete(step, model.run(step)))
                .extracting(Output::stream)
                .containsOnly("b");
        assertThat(cache.leasedBlocks()).isZero();
        assertThat(engine.nextStep()).isEmpty();
    }

    @Test
    void aNameCanBeUsedAgainWhileItsFormerStepRuns() {
        submit(request("a", PROMPT, ignoringEos(5)));
        Step step = engine.nextStep().orElseThrow();
        engine.cancel("a");
        submit(request("a", PROMPT, ignoringEos(2)));
        assertThat(engine.complete(step, model.run(step))).isEmpty();
        assertThat(run("a").ids().get(0)).hasSize(2);
    }

    @Test
    void aPausedStreamWaitsAndTheOthersGoOn() {
        submit(request("slow", PROMPT, ignoringEos(3)));
        submit(request("b", Tokens.of(1), ignoringEos(3)));
        engine.pause("slow");
        assertThat(engine.load().pausedSequences()).isEqualTo(1);
        run("b");
        assertThat(engine.nextStep()).isEmpty();
        engine.resume("slow");
        assertThat(run("slow").ids().get(0)).hasSize(3);
    }

    @Test
    void aFailedStepEndsItsStreamsOnly() {
        submit(request("a", PROMPT, params(3, 1, -1, Map.of(), 4, List.of(), true)));
        Step step = engine.nextStep().orElseThrow();
        submit(request("b", PROMPT, ignoringEos(2)));
        var fault = new Failure.Internal("device lost");
        assertThat(engine.failStep(step, fault)).containsExactly(new Output.Failed("a", fault));
        assertThat(run("b").usage()).isEqualTo(new Usage(7, 0, 2));
    }

    @Test
    void aLogitThatIsNoNumberEndsTheStream() {
        submit(request("a", PROMPT, ignoringEos(3)));
        Step step = engine.nextStep().orElseThrow();
        float[] row = new float[Letters.ROW];
        row[1] = Float.NaN;
        assertThat(engine.complete(step, new HashModel.Rows(List.of(row))))
                .containsExactly(new Output.Failed(
                        "a", new Failure.Internal("the model's logits hold a value that is not a number")));
        assertThat(engine.load().leasedBlocks()).isZero();
    }

    @Test
    void refusesWhatCannotBeServedAndLeavesNoTrace() {
        assertThat(refused(request("a", Tokens.EMPTY, ignoringEos(1)))).startsWith("prompt must have at least 1");
        assertThat(refused(request("a", Tokens.of(0, 6), ignoringEos(1)))).contains("between 0 and 5, but 6 was given");
        assertThat(refused(request("a", PROMPT, params(1, 0, 0, Map.of(9, 1.0), 1, List.of(), false))))
                .startsWith("logit_bias");
        assertThat(refused(request("a", PROMPT, params(1, 3, 0, Map.of(), 1, List.of(), false))))
                .startsWith("temperature");
        assertThat(refused(request("a", PROMPT, params(1, 0, 0, Map.of(), 9, List.of(), false))))
                .isEqualTo("n must be at most 8 here, but is 9");
        assertThat(engine.submit(request("a", PROMPT, ignoringEos(58)), 1)).contains(new Failure.TooLong(7, 58, 64));
        assertThat(engine.load().waitingSequences()).isZero();
    }

    @Test
    void aRequestThatCanNeverFitThePoolIsRefusedWithThePoolsSize() {
        var small = new Engine(new EngineConfig(4, 4, 64, 64, 64), Alone.MODEL, new KvCache(5, 2));
        assertThat(small.contextTokens()).isEqualTo(10);
        assertThat(small.submit(request("a", PROMPT, ignoringEos(4)), 1)).contains(new Failure.TooLong(7, 4, 10));
        assertThat(small.submit(request("a", PROMPT, ignoringEos(3)), 1)).isEmpty();
    }

    @Test
    void aFullQueueRefusesWithTheAdviceToComeBack() {
        submit(request("a", PROMPT, params(3, 1, -1, Map.of(), 6, List.of(), true)));
        submit(request("b", PROMPT, params(3, 1, -1, Map.of(), 2, List.of(), true)));
        Failure failure =
                engine.submit(request("c", PROMPT, ignoringEos(1)), 17).orElseThrow();
        assertThat(failure)
                .isEqualTo(new Failure.Overloaded(
                        "the queue is full: 8 of 8 places are taken, 1 more were asked for", 17));
        engine.cancel("b");
        submit(request("c", PROMPT, ignoringEos(1)));
        assertThat(refused(request("c", PROMPT, ignoringEos(1)))).isEqualTo("stream c has not ended yet");
    }

    @Test
    void refusesLogitsOfAnotherShape() {
        submit(request("a", PROMPT, ignoringEos(3)));
        Step step = engine.nextStep().orElseThrow();
        assertThatIllegalStateException()
                .isThrownBy(() -> engine.complete(step, new HashModel.Rows(List.of())))
                .withMessage("logits of 0 rows by 6 for a step of 1 rows by 6");
    }

    private void submit(GenerationRequest request) {
        assertThat(engine.submit(request, 1)).isEmpty();
    }

    private String refused(GenerationRequest request) {
        return engine.submit(request, 1).orElseThrow().message();
    }

    /** Runs until {@code stream} has ended; what others are told is dropped. */
    private Transcript run(String stream) {
        var told = new Transcript();
        while (!told.ended()) {
            Optional<Step> step = engine.nextStep();
            assertThat(step).isPresent();
            List<Output> outputs = new ArrayList<>(engine.complete(step.orElseThrow(), model.run(step.orElseThrow())));
            outputs.removeIf(output -> !output.stream().equals(stream));
            outputs.forEach(told::add);
        }
        return told;
    }

    private static GenerationRequest request(String stream, Tokens prompt, SamplingParams params) {
        return new GenerationRequest(stream, prompt, params, "tenant", false);
    }

    private static SamplingParams ignoringEos(int maxTokens) {
        return params(maxTokens, 0, -1, Map.of(), 1, List.of(), true);
    }

    private static SamplingParams params(
            int maxTokens,
            double temperature,
            int topLogprobs,
            Map<Integer, Double> bias,
            int n,
            List<String> stop,
            boolean ignoreEos) {
        return new SamplingParams(maxTokens, temperature, 0, 1, 0, 1, 0, 0, bias, 11, topLogprobs, stop, ignoreEos, n);
    }
}
