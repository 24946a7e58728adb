package belle.engine;

import java.util.List;

/**
 * Cuts a text before the first stop string, which may come in pieces.
 *
 * <p>The end of the text that may begin a stop string is held back until more text tells. The first one is the one that
 * is complete first (of several that end together, the longest), so that the cut does not depend on the pieces. Costs
 * O(piece + longest stop string) comparisons per stop string; keeps less than the longest one.
 */
final class StopRules {
    private final List<String> stops;
    private final int longest;
    private String held = "";
    private boolean stopped;

    StopRules(List<String> stops) {
        this.stops = List.copyOf(stops);
        longest = stops.stream().mapToInt(String::length).max().orElse(0);
    }

    /** Tells whether a stop string was found. */
    boolean stopped() {
        return stopped;
    }

    /** Takes a piece of text and returns what is certain to come before any stop string; nothing once stopped. */
    String push(String piece) {
        if (longest == 0) {
            return piece;
        }
        if (stopped || piece.isEmpty()) {
            return "";
        }
        String text = held + piece;
        for (int end = held.length() + 1; end <= text.length(); end++) {
            int length = stopEndingAt(text, end);
            if (length > 0) {
                stopped = true;
                held = "";
                return text.substring(0, end - length);
            }
        }
        int certain = Math.max(0, text.length() - longest + 1);
        while (!mayBeginStop(text, certain)) {
            certain++;
        }
        held = text.substring(certain);
        return text.substring(0, certain);
    }

    /** Returns what is still held back; no more text will come. */
    String finish() {
        String rest = held;
        held = "";
        return rest;
    }

    private int stopEndingAt(String text, int end) {
        int length = 0;
        for (String stop : stops) {
            if (stop.length() > length && text.startsWith(stop, end - stop.length())) {
                length = stop.length();
            }
        }
        return length;
    }

    private boolean mayBeginStop(String text, int from) {
        int length = text.length() - from;
        for (String stop : stops) {
            if (length < stop.length() && stop.regionMatches(0, text, from, length)) {
                return true;
            }
        }
        return false;
    }
}
