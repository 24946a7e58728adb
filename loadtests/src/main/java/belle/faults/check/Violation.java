package belle.faults.check;

import belle.faults.history.Entry;
import belle.faults.history.History;
import java.util.List;

/**
 * A promise that was broken.
 *
 * @param message what is wrong, with the numbers and texts that show it
 * @param smallest entries of the history that alone show the same, as few as were found
 */
public record Violation(Property property, String request, String message, List<Entry> smallest) {
    public Violation {
        smallest = List.copyOf(smallest);
    }

    /** Returns what a person reads: the promise, what is wrong, and the entries, one a line. */
    public String report() {
        StringBuilder text = new StringBuilder();
        text.append(property.id()).append(": ").append(property.promise()).append('\n');
        text.append("broken by ").append(request).append(": ").append(message).append('\n');
        smallest.forEach(entry -> text.append("  ").append(History.line(entry)).append('\n'));
        return text.toString();
    }
}
