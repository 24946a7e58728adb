package belle.datagen;

import java.util.List;
import java.util.Map;

/**
 * What one draw came to.
 *
 * @param number from 0
 * @param kept in the order of the answer
 * @param dropped texts of the answer that became no item, by reason
 * @param promptTokens as the server counted them
 * @param completionTokens likewise
 * @param requests that the draw took, those that failed too
 * @param failure why there was no answer; empty if there was one
 */
public record Draw(
        long number,
        List<Kept> kept,
        Map<Reason, Integer> dropped,
        long promptTokens,
        long completionTokens,
        long requests,
        String failure) {
    public Draw {
        kept = List.copyOf(kept);
        dropped = Map.copyOf(dropped);
    }
}
