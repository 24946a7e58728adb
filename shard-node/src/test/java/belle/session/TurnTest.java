package belle.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import belle.engine.Output;
import belle.engine.SequenceId;
import belle.proto.Failure;
import belle.proto.FinishReason;
import belle.proto.TokenLogprob;
import belle.proto.Tokens;
import belle.proto.Usage;
import belle.proto.session.Progress;
import belle.proto.session.StreamEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TurnTest {
    private static final int ALL = 1000;

    private final Turn turn = new Turn("s~1", Progress.none(2), 100);

    @Test
    void numbersTheEventsOfAllChoicesInOneRow() {
        turn.apply(1, token(0, 0, 7));
        turn.apply(1, token(1, 0, 8));
        turn.apply(1, finished(0));
        turn.apply(1, finished(1));
        turn.apply(1, new Output.Done("s~1", new Usage(3, 0, 2)));
        assertThat(turn.due(ALL))
                .containsExactly(
                        delta(1, 0, 0, 7),
                        delta(1, 1, 1, 8),
                        new StreamEvent.Finished("s~1", 1, 2, 0, "held", FinishReason.STOP),
                        new StreamEvent.Finished("s~1", 1, 3, 1, "held", FinishReason.STOP),
                        new StreamEvent.Done("s~1", 1, 4, new Usage(3, 0, 2)));
        assertThat(turn.ended()).isTrue();
    }

    @Test
    void givesNoMoreThanTheWindowBeforeAnAcknowledgement() {
        Turn turn = new Turn("s~1", Progress.none(1), 100);
        for (int i = 0; i < 10; i++) {
            turn.apply(1, token(0, i, i));
        }
        assertThat(turn.due(4)).hasSize(4);
        assertThat(turn.due(4)).isEmpty();
        turn.acknowledge(1);
        assertThat(turn.due(4)).extracting(StreamEvent.Indexed::index).containsExactly(4L, 5L);
        assertThat(turn.windowFull(4)).isTrue();
        turn.acknowledge(5);
        assertThat(turn.due(4)).hasSize(4);
        turn.acknowledge(9);
        assertThat(turn.windowFull(1)).isFalse();
    }

    @Test
    void goesOnInALaterEpochBehindTheTokensThatItHas() {
        turn.apply(1, token(0, 0, 7));
        turn.apply(1, token(1, 0, 5));
        turn.apply(1, token(0, 1, 8));
        turn.apply(1, finished(0));
        assertThat(turn.due(ALL)).hasSize(3);
        turn.restart(0);
        assertThat(turn.given()).containsExactly(Tokens.of(7, 8), Tokens.of(5));
        turn.apply(2, finished(0));
        turn.apply(2, token(1, 1, 6));
        assertThat(turn.due(ALL)).containsExactly(delta(2, 3, 1, 6), end(2, 4, 0));
    }

    @Test
    void ordersTheEventsOfItsChoicesAlikeHoweverTheyCome() {
        turn.apply(1, token(1, 0, 5));
        turn.apply(1, token(1, 1, 6));
        turn.apply(1, finished(1));
        assertThat(turn.due(ALL)).isEmpty();
        turn.apply(1, token(0, 0, 7));
        turn.apply(1, finished(0));
        assertThat(turn.due(ALL))
                .containsExactly(delta(1, 0, 0, 7), delta(1, 1, 1, 5), end(1, 2, 0), delta(1, 3, 1, 6), end(1, 4, 1));
    }

    @Test
    void computesAgainForAReaderWhoIsAhead() {
        Turn again = new Turn("s~1", Progress.none(1).inEpoch(7), 100);
        assertThat(again.rewind(1)).isTrue();
        again.apply(7, token(0, 0, 3));
        assertThat(again.meetsReader()).isFalse();
        again.apply(7, token(0, 1, 4));
        assertThat(again.meetsReader()).isTrue();
        assertThat(again.meetsReader()).isFalse();
        assertThat(again.due(ALL)).isEmpty();
        again.apply(7, token(0, 2, 5));
        assertThat(again.before(2).given()).containsExactly(Tokens.of(3, 4));
        assertThat(again.due(ALL)).containsExactly(delta(7, 2, 0, 5));
    }

    @Test
    void ignoresOutputsOfADeadEpoch() {
        turn.restart(0);
        turn.apply(1, token(0, 0, 7));
        assertThat(turn.due(ALL)).isEmpty();
    }

    @Test
    void neverLeavesOutOrRepeatsATokenOfAChoice() {
        turn.apply(1, token(0, 0, 7));
        assertThatThrownBy(() -> turn.apply(1, token(0, 0, 7))).hasMessageContaining("gave token 0");
        assertThatThrownBy(() -> turn.apply(1, token(0, 2, 7))).hasMessageContaining("gave token 2");
    }

    @Test
    void countsTheCharactersWhoseProbabilitiesWereTold() {
        turn.apply(1, new Output.PromptScored("s~1", List.of(new TokenLogprob(1, "你好", -1, List.of()))));
        turn.apply(1, scored(0, 0, "abc"));
        turn.apply(1, scored(1, 0, "𠀀"));
        assertThat(turn.before(3).choices().stream().map(Progress.Choice::characters))
                .containsExactly(5, 3);
        assertThat(turn.before(2).choices().stream().map(Progress.Choice::characters))
                .containsExactly(5, 2);
        assertThat(turn.before(0).choices().stream().map(Progress.Choice::characters))
                .containsExactly(0, 0);
        Turn elsewhere = new Turn("s~1", turn.before(3), 100);
        elsewhere.apply(1, scored(0, 1, "d"));
        assertThat(elsewhere.before(4).choices().getFirst().characters()).isEqualTo(6);
    }

    @Test
    void goesOnElsewhereBehindWhatItsReaderHas() {
        turn.apply(1, token(0, 0, 7));
        turn.apply(1, token(1, 0, 5));
        turn.apply(1, token(0, 1, 8));
        turn.apply(1, finished(0));
        Progress progress = turn.before(3).inEpoch(4);
        assertThat(progress.choices())
                .containsExactly(new Progress.Choice(Tokens.of(7, 8), false), new Progress.Choice(Tokens.of(5), false));
        assertThat(turn.before(1).given()).containsExactly(Tokens.of(7), Tokens.EMPTY);

        Turn elsewhere = new Turn("s~1", progress, 100);
        assertThat(elsewhere.given()).isEqualTo(turn.given());
        elsewhere.apply(3, token(1, 1, 9));
        elsewhere.apply(4, finished(0));
        elsewhere.apply(4, token(1, 1, 6));
        assertThat(elsewhere.due(ALL)).containsExactly(delta(4, 3, 1, 6), end(4, 4, 0));
        assertThat(elsewhere.before(5).choices().getFirst().finished()).isTrue();
        assertThat(elsewhere.rewind(1)).isFalse();
    }

    @Test
    void repeatsTheLogForAReaderThatComesBackInTheEpochOfNow() {
        Turn turn = new Turn("s~1", Progress.none(1), 100);
        turn.apply(1, token(0, 0, 7));
        turn.apply(1, token(0, 1, 8));
        turn.due(ALL);
        turn.acknowledge(1);
        turn.restart(0);
        assertThat(turn.rewind(0)).isTrue();
        assertThat(turn.due(ALL)).containsExactly(delta(2, 1, 0, 8));
    }

    @Test
    void refusesAReaderWhoAsksForWhatIsNotThere() {
        turn.apply(1, token(0, 0, 7));
        assertThat(turn.rewind(1)).isFalse();
        turn.fail(new Failure.Internal("x"));
        assertThat(turn.rewind(0)).isTrue();
        assertThat(turn.rewind(1)).isFalse();
    }

    @Test
    void forgetsTheOldestAcknowledgedEventsWhenTheLogIsFull() {
        Turn small = new Turn("s~1", Progress.none(1), 8);
        List<Long> indexes = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            small.apply(1, token(0, i, i));
            small.due(4).forEach(event -> indexes.add(event.index()));
            small.acknowledge(i);
        }
        assertThat(indexes).hasSize(100).isSorted().doesNotHaveDuplicates();
        assertThat(small.rewind(50)).isFalse();
        assertThat(small.rewind(97)).isTrue();
        assertThat(small.due(4)).extracting(StreamEvent.Indexed::index).containsExactly(98L, 99L);
    }

    private static Output token(int choice, int index, int id) {
        return new Output.Token(new SequenceId("s~1", choice), index, id, "t" + id, Optional.empty());
    }

    private static Output scored(int choice, int index, String text) {
        var logprob = new TokenLogprob(index, text, -1, List.of());
        return new Output.Token(new SequenceId("s~1", choice), index, index, text, Optional.of(logprob));
    }

    private static Output finished(int choice) {
        return new Output.Finished(new SequenceId("s~1", choice), "held", FinishReason.STOP);
    }

    private static StreamEvent.Indexed end(long epoch, long index, int choice) {
        return new StreamEvent.Finished("s~1", epoch, index, choice, "held", FinishReason.STOP);
    }

    private static StreamEvent.Indexed delta(long epoch, long index, int choice, int id) {
        return new StreamEvent.Delta("s~1", epoch, index, choice, Tokens.of(id), "t" + id, List.of());
    }
}
