package belle.engine;

import static org.assertj.core.api.Assertions.assertThat;

import belle.proto.Failure;
import belle.proto.SamplingParams;
import belle.proto.Tokens;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A generation that another engine goes on with, wherever the first one was broken off. */
class RestoredGenerationTest {
    static LongStream seeds() {
        return LongStream.range(0, 200);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void tellsTheRestAsIfNothingHadHappened(long seed) {
        var simulation = new Simulation(seed, () -> {});
        GenerationRequest request = new RandomRequests(simulation).next(0);
        if (request.prompt().size() + request.params().maxTokens() > Alone.CONTEXT) {
            return;
        }
        List<Output> whole = Alone.outputs(request);
        for (int cut = 0; cut < whole.size(); cut++) {
            List<Output> before = whole.subList(0, cut);
            var told = new Transcript();
            before.forEach(told::add);
            Set<SequenceId> ended = new HashSet<>();
            before.forEach(output -> {
                if (output instanceof Output.Finished finished) {
                    ended.add(finished.id());
                }
            });
            boolean scored = before.stream().anyMatch(Output.PromptScored.class::isInstance);
            for (Output output : Alone.outputs(request.behind(given(request, before)))) {
                boolean known = (output instanceof Output.Finished finished && ended.contains(finished.id()))
                        || (output instanceof Output.PromptScored && scored);
                if (!known) {
                    told.add(output);
                }
            }
            var uncut = new Transcript();
            whole.forEach(uncut::add);
            assertThat(told.told()).as("cut at %s", cut).isEqualTo(uncut.told());
        }
    }

    @Test
    void refusesTokensThatCannotHaveBeenGenerated() {
        GenerationRequest request = new GenerationRequest("a", Tokens.of(1), SamplingParams.greedy(2), "t", false);
        assertThat(refusal(request.behind(List.of(Tokens.of(1), Tokens.EMPTY)))).contains("n = 1", "2");
        assertThat(refusal(request.behind(List.of(Tokens.of(1, 1, 1))))).contains("3 tokens", "max_tokens is 2");
        assertThat(refusal(request.behind(List.of(Tokens.of(99))))).contains("99");
    }

    private static String refusal(GenerationRequest request) {
        var engine = new Engine(new EngineConfig(4, 0, 64, 64, 64), Alone.MODEL, new KvCache(8, 8));
        return engine.submit(request, 1).map(Failure::message).orElseThrow();
    }

    private static List<Tokens> given(GenerationRequest request, List<Output> before) {
        List<Tokens> given = new ArrayList<>();
        for (int choice = 0; choice < request.params().n(); choice++) {
            int number = choice;
            given.add(Tokens.of(before.stream()
                    .filter(Output.Token.class::isInstance)
                    .map(Output.Token.class::cast)
                    .filter(token -> token.id().choice() == number)
                    .mapToInt(Output.Token::tokenId)
                    .toArray()));
        }
        return given.stream().allMatch(Tokens::isEmpty) ? List.of() : given;
    }
}
