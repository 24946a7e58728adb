package belle.faults.check;

import belle.faults.history.Answer;
import belle.faults.history.Entry;
import belle.faults.history.History;
import belle.faults.history.Piece;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** What a history says of one request, in order. */
record Request(String name, List<Entry> entries) {
    private static final long NOTICED_MICROS = 200_000;

    Request {
        entries = List.copyOf(entries);
    }

    <T extends Entry> List<T> all(Class<T> kind) {
        return new History(entries).all(kind);
    }

    <T extends Entry> Optional<T> first(Class<T> kind) {
        return all(kind).stream().findFirst();
    }

    <T extends Entry> boolean has(Class<T> kind) {
        return entries.stream().anyMatch(kind::isInstance);
    }

    /** What an undisturbed run says; empty for a request that is wrong. */
    Optional<Answer> expected() {
        return first(Entry.Expected.class).map(Entry.Expected::answer);
    }

    /** All events of all attempts, as they came. */
    List<Entry.Heard> heard() {
        return all(Entry.Heard.class);
    }

    Stream<Piece> pieces() {
        return heard().stream().map(Entry.Heard::piece);
    }

    /** The last that is said of any attempt, faults apart. */
    Optional<Entry.OfAttempt> last() {
        return Optional.ofNullable(all(Entry.OfAttempt.class))
                .filter(Predicate.not(List::isEmpty))
                .map(List::getLast);
    }

    /** Tells whether a fault hit the asked process while an attempt ran; the end of a process is noticed after its clients. */
    boolean disturbed(Entry.Sent sent, Entry.OfAttempt end) {
        boolean running = false;
        for (Entry.Fault fault : all(Entry.Fault.class)) {
            if (fault.atMicros() <= end.atMicros() + NOTICED_MICROS && fault.hits(sent.gateway())) {
                if (fault.atMicros() >= sent.atMicros()) {
                    return true;
                }
                running = fault.begins();
            }
        }
        return running;
    }
}
