package belle.gateway.api;

import static org.assertj.core.api.Assertions.assertThat;

import belle.proto.FinishReason;
import belle.proto.TokenLogprob;
import belle.proto.Tokens;
import belle.proto.Usage;
import belle.proto.session.Progress;
import belle.proto.session.StreamEvent;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class StreamRendererTest {
    private static final List<TokenLogprob> PROMPT = List.of(scored(1, "你"), scored(2, " good"));

    private static TokenLogprob scored(int id, String text) {
        return new TokenLogprob(id, text, -0.5, List.of());
    }

    private static StreamEvent.Delta delta(long index, int choice, int id, String text) {
        return new StreamEvent.Delta("s", 1, index, choice, Tokens.of(id), text, List.of(scored(id, text)));
    }

    private static Progress told(List<StreamEvent.Indexed> events) {
        Tokens[] ids = {Tokens.EMPTY, Tokens.EMPTY};
        int[] characters = {0, 0};
        boolean promptScored = false;
        for (StreamEvent.Indexed event : events) {
            if (event instanceof StreamEvent.PromptScored(var _, var _, var _, var tokens)) {
                promptScored = true;
                characters[0] += TokenLogprob.characters(tokens);
                characters[1] += TokenLogprob.characters(tokens);
            } else if (event instanceof StreamEvent.Delta delta) {
                ids[delta.choice()] = delta.ids(); // Whether there are any is all that counts here.
                characters[delta.choice()] += TokenLogprob.characters(delta.logprobs());
            }
        }
        return new Progress(
                events.size() - 1,
                1,
                promptScored,
                List.of(
                        new Progress.Choice(ids[0], false, characters[0]),
                        new Progress.Choice(ids[1], false, characters[1])));
    }

    @ParameterizedTest
    @EnumSource
    void theRestOfAStreamReadsAsIfItHadNotBeenCut(StreamName.Kind kind) {
        var name = new StreamName("s", kind, true, 0, 1, "0".repeat(32));
        List<StreamEvent.Indexed> events = List.of(
                new StreamEvent.PromptScored("s", 1, 0, PROMPT),
                delta(1, 0, 5, "好"),
                delta(2, 1, 6, "x"),
                delta(3, 0, 7, "𠀀y"),
                delta(4, 1, 8, "z"),
                new StreamEvent.Finished("s", 1, 5, 0, "", FinishReason.STOP),
                new StreamEvent.Finished("s", 1, 6, 1, "!", FinishReason.LENGTH),
                new StreamEvent.Done("s", 1, 7, new Usage(2, 0, 4)));
        var uncut = new StreamRenderer(name, 1, "m", "", 2);
        List<String> whole = events.stream().map(uncut::render).toList();
        for (int cut = 0; cut <= events.size(); cut++) {
            var rest = StreamRenderer.behind(told(events.subList(0, cut)), name, 1, "m");
            assertThat(events.subList(cut, events.size()).stream().map(rest::render))
                    .as("cut before event %s", cut)
                    .containsExactlyElementsOf(whole.subList(cut, whole.size()));
        }
    }
}
