package belle.faults.check;

import static org.assertj.core.api.Assertions.assertThat;

import belle.faults.history.Answer;
import belle.faults.history.Entry;
import belle.faults.history.Entry.Kind;
import belle.faults.history.History;
import belle.faults.history.Piece;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class CheckerTest {
    private static final Answer ANSWER = new Answer(
            List.of(
                    new Answer.Choice("你好!", List.of("a", "b", "c"), "stop"),
                    new Answer.Choice("ok", List.of("d"), "length")),
            3,
            4);

    /** A stream that is cut off once and goes on at another gateway. */
    private static final List<Entry> GOOD = List.of(
            new Entry.Expected(0, "r", ANSWER),
            new Entry.Sent(1, "r", 0, Kind.STREAM, "gateway1", -1),
            new Entry.Begun(2, "r", 0, "s"),
            heard(3, 0, 0, 1, new Piece.Text(0, "你", List.of("a"))),
            heard(4, 0, 1, 1, new Piece.Text(1, "ok", List.of("d"))),
            new Entry.Fault(5, "kill", "gateway1", true),
            new Entry.CutOff(6, "r", 0, "connection reset"),
            new Entry.Sent(7, "r", 1, Kind.STREAM, "gateway2", 1),
            new Entry.Begun(8, "r", 1, "s"),
            heard(9, 1, 2, 2, new Piece.Text(0, "好", List.of("b", "c"))),
            heard(10, 1, 3, 2, new Piece.Finish(0, "!", "stop")),
            heard(11, 1, 4, 2, new Piece.Finish(1, "", "length")),
            heard(12, 1, 5, 2, new Piece.Usage(3, 4)),
            heard(13, 1, 5, 2, new Piece.End()),
            new Entry.Counted(14, "node1", "blocks in use", 0));

    private static Entry heard(long at, int attempt, long index, long epoch, Piece piece) {
        return new Entry.Heard(at, "r", attempt, index, epoch, piece);
    }

    private static UnaryOperator<List<Entry>> without(int place) {
        return entries -> {
            List<Entry> fewer = new ArrayList<>(entries);
            fewer.remove(place);
            return fewer;
        };
    }

    private static UnaryOperator<List<Entry>> with(int place, Entry... more) {
        return entries -> {
            List<Entry> longer = new ArrayList<>(entries);
            longer.addAll(place, List.of(more));
            return longer;
        };
    }

    private static UnaryOperator<List<Entry>> instead(int place, Entry... others) {
        return entries -> with(place, others).apply(without(place).apply(entries));
    }

    private static UnaryOperator<List<Entry>> only(Entry... entries) {
        return _ -> List.of(entries);
    }

    static Stream<Arguments> broken() {
        var wrong = new Entry.Wrong(0, "w", 400);
        var sent = new Entry.Sent(1, "w", 0, Kind.KEYED, "gateway1", -1);
        var expected = new Entry.Expected(0, "w", ANSWER);
        Piece you = new Piece.Text(0, "你", List.of("a"));
        return Stream.of(
                Arguments.of(Property.IN_ORDER_ONCE, with(9, heard(9, 1, 1, 1, new Piece.Text(1, "", List.of())))),
                Arguments.of(Property.SAME_BITS, instead(3, heard(3, 0, 0, 1, new Piece.Text(0, "我", List.of("a"))))),
                Arguments.of(Property.SAME_BITS, instead(3, heard(3, 0, 0, 1, new Piece.Text(0, "你", List.of("A"))))),
                Arguments.of(Property.SAME_BITS, with(9, heard(8, 1, 2, 2, you))),
                Arguments.of(Property.SAME_BITS, without(3)),
                Arguments.of(Property.WHOLE, instead(10, heard(10, 1, 3, 2, new Piece.Finish(0, "", "stop")))),
                Arguments.of(Property.FINISH_ONCE, with(12, heard(12, 1, 5, 2, new Piece.Finish(1, "", "length")))),
                Arguments.of(Property.FINISH_ONCE, instead(11, heard(11, 1, 4, 2, new Piece.Finish(1, "", "stop")))),
                Arguments.of(Property.FINISH_ONCE, without(11)),
                Arguments.of(Property.USAGE_EXACT, with(13, heard(13, 1, 5, 2, new Piece.Usage(3, 4)))),
                Arguments.of(Property.USAGE_EXACT, instead(12, heard(12, 1, 5, 2, new Piece.Usage(3, 5)))),
                Arguments.of(Property.USAGE_EXACT, without(12)),
                Arguments.of(
                        Property.UTF8_WHOLE, instead(3, heard(3, 0, 0, 1, new Piece.Text(0, "\uFFFD", List.of())))),
                Arguments.of(Property.ENDS_ONCE, with(14, heard(14, 1, 6, 2, new Piece.End()))),
                Arguments.of(Property.FENCED, with(11, heard(11, 1, 4, 1, new Piece.Text(1, "", List.of())))),
                Arguments.of(
                        Property.KEPT_ONCE_ACCEPTED,
                        with(10, heard(10, 1, 3, 2, new Piece.Broken("unavailable", "gone")))),
                Arguments.of(Property.KEPT_ONCE_ACCEPTED, with(7, new Entry.Refused(7, "r", 0, 404, "no stream"))),
                Arguments.of(Property.ALL_ANSWERED, without(13)),
                Arguments.of(Property.ALL_ANSWERED, with(14, new Entry.CutOff(14, "r", 1, "reset"))),
                Arguments.of(Property.ALL_ANSWERED, only(expected, sent)),
                Arguments.of(
                        Property.ONE_ANSWER_A_KEY,
                        only(
                                expected,
                                sent,
                                new Entry.Answered(2, "w", 0, "id1", ANSWER),
                                new Entry.Answered(3, "w", 1, "id2", ANSWER))),
                Arguments.of(Property.WRONG_IS_REFUSED, only(wrong, sent, new Entry.Refused(2, "w", 0, 500, "?"))),
                Arguments.of(Property.WRONG_IS_REFUSED, only(wrong, sent, new Entry.Refused(2, "w", 0, 400, ""))),
                Arguments.of(Property.WRONG_IS_REFUSED, only(wrong, sent, new Entry.Answered(2, "w", 0, "i", ANSWER))),
                Arguments.of(Property.CLEAR_REFUSALS, only(expected, sent, new Entry.Refused(2, "w", 0, 503, ""))),
                Arguments.of(Property.CLEAR_REFUSALS, only(expected, sent, new Entry.Refused(2, "w", 0, 500, "oops"))),
                Arguments.of(Property.NOTHING_LEFT, instead(14, new Entry.Counted(14, "node1", "blocks", 2))));
    }

    @Test
    void aGoodHistoryBreaksNoPromise() {
        assertThat(Checker.check(new History(GOOD))).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("broken")
    void findsWhatIsWrongAndShowsNoMoreThanThat(Property property, UnaryOperator<List<Entry>> change) {
        List<Violation> found = Checker.check(new History(change.apply(GOOD)));
        assertThat(found.stream().map(Violation::property)).contains(property);
        Violation violation =
                found.stream().filter(v -> v.property() == property).findFirst().orElseThrow();

        List<Violation> again = Checker.check(new History(violation.smallest()));
        assertThat(again.stream().filter(v -> v.property() == property).map(Violation::message))
                .containsExactly(violation.message());
        for (int i = 0; i < violation.smallest().size(); i++) {
            List<Violation> fewer = Checker.check(new History(without(i).apply(violation.smallest())));
            assertThat(fewer.stream().filter(v -> v.property() == property).map(Violation::message))
                    .doesNotContain(violation.message());
        }
        assertThat(violation.report()).startsWith(property.id()).contains(violation.message());
    }

    @ParameterizedTest
    @ValueSource(strings = {"gateway1", "all", "gateway1-node2"})
    void aWholeAnswerMayBeLostWithItsGatewayOnly(String target) {
        List<Entry> lost = List.of(
                new Entry.Expected(0, "r", ANSWER),
                new Entry.Sent(1, "r", 0, Kind.WHOLE, "gateway1", -1),
                new Entry.Fault(5, "any", target, true),
                new Entry.CutOff(6, "r", 0, "connection reset"));
        assertThat(Checker.check(new History(lost))).isEmpty();
        assertThat(Checker.check(new History(without(2).apply(lost))).stream().map(Violation::property))
                .containsExactly(Property.ALL_ANSWERED);
    }

    @Test
    void aHistoryIsReadAsItWasWritten(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("history.jsonl");
        Files.writeString(file, GOOD.stream().map(History::line).collect(Collectors.joining("\n")));
        assertThat(History.read(file)).isEqualTo(new History(GOOD));
    }
}
