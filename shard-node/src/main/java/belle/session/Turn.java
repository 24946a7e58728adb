package belle.session;

import belle.engine.Output;
import belle.proto.Check;
import belle.proto.Failure;
import belle.proto.TokenLogprob;
import belle.proto.Tokens;
import belle.proto.session.Progress;
import belle.proto.session.StreamEvent;
import belle.proto.session.StreamEvent.Indexed;
import java.util.ArrayList;
import java.util.List;

/**
 * One turn: the log of its events, and how far its reader is. Pure.
 *
 * <p>A turn may be computed more than once, each time in a higher epoch (its replica crashed, its reader went and came
 * back, its node died). The engine is deterministic, so what a later epoch gives behind the tokens that are known is what
 * the earlier one would have given; the log goes on where it was. Outputs of an earlier epoch are ignored.
 *
 * <p>{@code acknowledged <= sent < next}: the reader is sent at most a window of events beyond those it acknowledged.
 */
final class Turn {
    private final String stream;
    private final int maxLogEvents;
    private final List<Choice> choices = new ArrayList<>();
    private final List<Indexed> log = new ArrayList<>();
    private long firstKept;
    private long sent;
    private long acknowledged;
    private long epoch;
    private boolean promptScored;
    private boolean ended;

    /** A turn that begins behind what its reader has, mostly nothing; no event before it is kept. */
    Turn(String stream, Progress progress, int maxLogEvents) {
        this.stream = stream;
        this.maxLogEvents = maxLogEvents;
        for (Progress.Choice known : progress.choices()) {
            var choice = new Choice();
            for (int i = 0; i < known.ids().size(); i++) {
                choice.ids.add(known.ids().get(i));
            }
            choice.finished = known.finished();
            choice.characters = known.characters();
            choices.add(choice);
        }
        promptScored = progress.promptScored();
        epoch = progress.epoch();
        sent = progress.after();
        acknowledged = sent;
        firstKept = sent + 1;
    }

    String stream() {
        return stream;
    }

    long epoch() {
        return epoch;
    }

    boolean ended() {
        return ended;
    }

    /** Tells whether {@code windowEvents} or more events wait for the reader's acknowledgement. */
    boolean windowFull(int windowEvents) {
        return unacknowledged() >= windowEvents;
    }

    long unacknowledged() {
        return next() - 1 - acknowledged;
    }

    /** Begins an epoch, the next or a later one, in which the turn is computed on behind {@link #given}. */
    void restart(long atLeast) {
        epoch = Math.max(epoch + 1, atLeast);
    }

    /** Returns the tokens of each choice that the log has or had; empty when there are none. */
    List<Tokens> given() {
        return before(next()).given();
    }

    /** Returns what a reader has that was told all events before {@code index}, which must be kept. */
    Progress before(long index) {
        List<Progress.Choice> told = new ArrayList<>();
        List<Indexed> later = log.subList(place(index), log.size());
        for (int number = 0; number < choices.size(); number++) {
            int choice = number;
            Choice state = choices.get(number);
            long untold = later.stream()
                    .filter(event -> event instanceof StreamEvent.Delta delta && delta.choice() == choice)
                    .count();
            int characters =
                    later.stream().mapToInt(event -> characters(event, choice)).sum();
            boolean ends = later.stream()
                    .anyMatch(event -> event instanceof StreamEvent.Finished finished && finished.choice() == choice);
            int[] ids = state.ids.stream()
                    .mapToInt(Integer::intValue)
                    .limit(state.ids.size() - untold)
                    .toArray();
            told.add(new Progress.Choice(Tokens.of(ids), state.finished && !ends, state.characters - characters));
        }
        boolean scored = promptScored && later.stream().noneMatch(StreamEvent.PromptScored.class::isInstance);
        return new Progress(index - 1, epoch, scored, told);
    }

    /** Returns how far an event moves a choice on in the text, as log-probabilities count it. */
    private static int characters(Indexed event, int choice) {
        return switch (event) {
            case StreamEvent.PromptScored scored -> TokenLogprob.characters(scored.tokens());
            case StreamEvent.Delta delta -> delta.choice() == choice ? TokenLogprob.characters(delta.logprobs()) : 0;
            case StreamEvent.Finished _, StreamEvent.Done _, StreamEvent.Failed _ -> 0;
        };
    }

    /** Puts what an output says into the log, unless the log has it already. */
    void apply(long outputEpoch, Output output) {
        if (outputEpoch != epoch || ended) {
            return;
        }
        switch (output) {
            case Output.PromptScored scored -> onPromptScored(scored);
            case Output.Token token -> onToken(token);
            case Output.Finished finished -> onFinished(finished);
            case Output.Done(var _, var usage) -> {
                ended = true;
                log.add(new StreamEvent.Done(stream, epoch, next(), usage));
            }
            case Output.Failed(var _, var failure) -> fail(failure);
        }
        trim();
    }

    /** Ends the turn with a failure, unless it has ended. */
    void fail(Failure failure) {
        if (!ended) {
            ended = true;
            log.add(new StreamEvent.Failed(stream, epoch, next(), failure));
        }
    }

    /** The reader has taken all events up to {@code index}; indexes it was never sent count as the last one sent. */
    void acknowledge(long index) {
        acknowledged = Math.max(acknowledged, Math.min(index, sent));
        trim();
    }

    /** Returns the events that fit into the reader's window and were not sent yet; they now count as sent. */
    List<Indexed> due(int windowEvents) {
        long end = Math.min(next(), acknowledged + 1 + windowEvents);
        if (end <= sent + 1) {
            return List.of();
        }
        List<Indexed> events = log.subList(place(sent + 1), place(end)).stream()
                .map(event -> EventEpochs.stamped(event, epoch))
                .toList();
        sent = end - 1;
        return events;
    }

    /**
     * Puts the reader behind event {@code after}; what follows is due again.
     *
     * @return false, and nothing changes, when those events are not kept any more or there will be none
     */
    boolean rewind(long after) {
        boolean over = ended && after + 1 == next();
        if (after + 1 < firstKept || after >= next() || over) {
            return false;
        }
        sent = after;
        acknowledged = after;
        return true;
    }

    /** Tells whether the reader was sent everything that is in the log. */
    boolean allSent() {
        return sent + 1 == next();
    }

    /** Returns the failure that ended the turn, or {@code failure} in the place behind the last event. */
    StreamEvent.Failed failedAtEnd(Failure failure) {
        return !log.isEmpty() && log.getLast() instanceof StreamEvent.Failed failed
                ? failed
                : new StreamEvent.Failed(stream, epoch, next(), failure);
    }

    private void onPromptScored(Output.PromptScored scored) {
        if (!promptScored) {
            promptScored = true;
            choices.forEach(choice -> choice.characters += TokenLogprob.characters(scored.tokens()));
            log.add(new StreamEvent.PromptScored(stream, epoch, next(), scored.tokens()));
        }
    }

    private void onToken(Output.Token token) {
        Choice choice = choices.get(token.id().choice());
        Check.that(
                token.index() == choice.ids.size(),
                "stream %s gave token %s of choice %s, %s is next",
                stream,
                token.index(),
                token.id().choice(),
                choice.ids.size());
        choice.ids.add(token.tokenId());
        List<TokenLogprob> logprobs = token.logprob().map(List::of).orElse(List.of());
        choice.characters += TokenLogprob.characters(logprobs);
        log.add(new StreamEvent.Delta(
                stream, epoch, next(), token.id().choice(), Tokens.of(token.tokenId()), token.text(), logprobs));
    }

    private void onFinished(Output.Finished finished) {
        Choice choice = choices.get(finished.id().choice());
        if (!choice.finished) {
            choice.finished = true;
            log.add(new StreamEvent.Finished(
                    stream, epoch, next(), finished.id().choice(), finished.text(), finished.reason()));
        }
    }

    private long next() {
        return firstKept + log.size();
    }

    private int place(long index) {
        return Math.toIntExact(index - firstKept);
    }

    /** Drops a quarter of a full log at once, so that the cost of moving the rest is paid seldom. */
    private void trim() {
        if (log.size() > maxLogEvents) {
            long droppable = Math.min(acknowledged + 1 - firstKept, log.size() - maxLogEvents * 3L / 4);
            if (droppable > 0) {
                log.subList(0, (int) droppable).clear();
                firstKept += droppable;
            }
        }
    }

    private static final class Choice {
        final List<Integer> ids = new ArrayList<>();
        boolean finished;
        int characters;
    }
}
