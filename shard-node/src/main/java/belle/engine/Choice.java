package belle.engine;

import belle.proto.FinishReason;
import belle.proto.SamplingParams;
import belle.proto.Tokens;
import java.util.Optional;

/** One choice of a generation: its place in the schedule, and the text that its tokens make. */
final class Choice {
    final Sequence sequence;
    final LogitAdjustment adjustment;

    private final SamplingParams params;
    private final ModelFacts model;
    private final TokenDecoder decoder;
    private final StopRules stops;
    private int generated;
    private Optional<FinishReason> restoredEnd = Optional.empty();

    Choice(Sequence sequence, GenerationRequest request, ModelFacts model) {
        this.sequence = sequence;
        this.params = request.params();
        this.model = model;
        adjustment = new LogitAdjustment(params, request.prompt());
        // A generated text follows its prompt, be it only a BOS: its first space is text.
        decoder = new TokenDecoder(model.bytes(), false);
        stops = new StopRules(params.stop());
    }

    SequenceId id() {
        return sequence.id;
    }

    /** Number of tokens generated. */
    int generated() {
        return generated;
    }

    /** Adds a drawn token. Returns the text that is certain now. */
    String append(int id) {
        sequence.history.append(id);
        adjustment.add(id);
        generated++;
        return stops.push(decoder.next(id));
    }

    /** Takes {@code ids} for drawn; what they said is known to the reader. Ends the sequence if the last one does. */
    void restore(Tokens ids) {
        for (int i = 0; i < ids.size(); i++) {
            append(ids.get(i));
            restoredEnd = ending(ids.get(i));
        }
        sequence.logitsFrom = sequence.history.size() - 1;
        sequence.ended = restoredEnd.isPresent();
    }

    /** Why the choice had ended before it was restored; empty when it goes on. */
    Optional<FinishReason> restoredEnd() {
        return restoredEnd;
    }

    /** Tells why the choice ends with {@code last}, the token appended last; empty when it goes on. */
    Optional<FinishReason> ending(int last) {
        if (stops.stopped() || (model.ends(last) && !params.ignoreEos())) {
            return Optional.of(FinishReason.STOP);
        }
        return generated == params.maxTokens() ? Optional.of(FinishReason.LENGTH) : Optional.empty();
    }

    /** Returns the text that was held back; no token follows. */
    String finish() {
        return stops.push(decoder.finish()) + stops.finish();
    }
}
