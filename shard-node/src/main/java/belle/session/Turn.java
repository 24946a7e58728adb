package belle.session;

import belle.engine.Output;
import belle.proto.Check;
import belle.proto.Failure;
import belle.proto.TokenLogprob;
import belle.proto.Tokens;
import belle.proto.session.Progress;
import belle.proto.session.StreamEvent;
import belle.proto.session.StreamEvent.Indexed;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * One turn: the log of its events, and how far its reader is. Pure.
 *
 * <p>A turn may be computed more than once, each time in a higher epoch (its replica crashed, its reader went and came
 * back, its node died). The engine is deterministic, so what a later epoch gives behind the tokens that are known is what
 * the earlier one would have given; the log goes on where it was. Outputs of an earlier epoch are ignored.
 *
 * <p>The order of events is a function of the request as well, however the engine mixes the choices: first what stands in
 * place 0 of every choice, then in place 1, and so on, a token or the choice's end. What comes too early waits. So an event
 * has the same index whenever and wherever a turn is computed.
 *
 * <p>{@code acknowledged <= sent < next}, unless the reader is ahead of a turn that is computed again: the reader is sent at
 * most a window of events beyond those it acknowledged.
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
    private final boolean again;
    private boolean readerIsAhead;

    /**
     * A turn that begins behind what is known of it, mostly nothing; no event before that is kept. In another epoch than
     * the first one it is computed again, and its readers may have more of it than is known here.
     */
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
        again = epoch > 1;
        sent = progress.after();
        acknowledged = sent;
        firstKept = sent + 1;
    }

    /** A turn that has ended, as it was written down. */
    static Turn ended(String stream, TurnLog log, long epoch, int maxLogEvents) {
        Turn turn = new Turn(stream, log.before().inEpoch(epoch), maxLogEvents);
        log.events().forEach(turn::add);
        turn.ended = true;
        turn.sent = turn.next() - 1;
        turn.acknowledged = turn.sent;
        return turn;
    }

    /** Returns the events that are kept, if the last of them is the good end. */
    Optional<TurnLog> goodLog() {
        return !log.isEmpty() && log.getLast() instanceof StreamEvent.Done
                ? Optional.of(new TurnLog(before(firstKept), log))
                : Optional.empty();
    }

    /** Tells whether it was begun before, by another session or for another reader. */
    boolean isBegunAgain() {
        return again;
    }

    /** Tells whether there are events behind {@code after}, or will be as soon as the next one is there. */
    boolean reaches(long after) {
        return ended || after < next();
    }

    /** Tells whether all events behind {@code after} that there were are still there. */
    boolean keeps(long after) {
        return after + 1 >= firstKept;
    }

    /** Tells whether the reader waits for events that are still to be computed again. */
    boolean readerIsAhead() {
        return readerIsAhead;
    }

    /** Tells, once, that the turn has come to where its reader is. */
    boolean meetsReader() {
        boolean met = readerIsAhead && reaches(sent);
        readerIsAhead &= !met;
        return met;
    }

    /** Returns the index of the last event that the reader was sent. */
    long place() {
        return sent;
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

    /** Returns the index of the last event that the reader is known to have taken. */
    long acknowledged() {
        return acknowledged;
    }

    /** Begins an epoch, the next or a later one, in which the turn is computed on behind {@link #given}. */
    void restart(long atLeast) {
        choices.forEach(choice -> choice.early.clear());
        epoch = Math.max(epoch + 1, atLeast);
    }

    /** Returns the tokens of each choice that the log has or had; empty when there are none. */
    List<Tokens> given() {
        return before(next()).given();
    }

    boolean hasFailed() {
        return !log.isEmpty() && log.getLast() instanceof StreamEvent.Failed;
    }

    /** Returns a place to begin at elsewhere, {@code most} events before what the reader has taken, if they are kept. */
    long begins(int most) {
        return Math.max(firstKept, Math.min(acknowledged + 1, next() - 1) - most);
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
            case Output.Finished finished -> {
                choices.get(finished.id().choice()).early.add(finished);
                release();
            }
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
     * @return false when those events are not kept any more or there will be none; then nothing changes
     */
    boolean rewind(long after) {
        boolean over = ended && after + 1 == next();
        boolean toBeComputed = again && !reaches(after);
        if (after + 1 < firstKept || (after >= next() && !toBeComputed) || over) {
            return false;
        }
        readerIsAhead = toBeComputed;
        sent = after;
        acknowledged = after;
        return true;
    }

    /** Tells whether the reader was sent everything that is in the log. */
    boolean allSent() {
        return sent + 1 == next();
    }

    /** Returns the failure that ended the turn, or {@code failure} in the place behind the last event; of this epoch. */
    StreamEvent.Failed failedAtEnd(Failure failure) {
        return !log.isEmpty() && log.getLast() instanceof StreamEvent.Failed failed
                ? new StreamEvent.Failed(stream, epoch, failed.index(), failed.failure())
                : new StreamEvent.Failed(stream, epoch, next(), failure);
    }

    private void onPromptScored(Output.PromptScored scored) {
        if (!promptScored) {
            add(new StreamEvent.PromptScored(stream, epoch, next(), scored.tokens()));
        }
    }

    private void onToken(Output.Token token) {
        Choice choice = choices.get(token.id().choice());
        Check.that(
                token.index() == choice.ids.size() + choice.early.size(),
                "stream %s gave token %s of choice %s, %s is next",
                stream,
                token.index(),
                token.id().choice(),
                choice.ids.size() + choice.early.size());
        choice.early.add(token);
        release();
    }

    /** Logs what has come and whose place it is: that of the first of the choices that are behind the others. */
    private void release() {
        while (true) {
            Optional<Choice> next = choices.stream()
                    .filter(choice -> !choice.finished)
                    .min(Comparator.comparingInt(choice -> choice.ids.size()));
            if (next.isEmpty() || next.get().early.isEmpty()) {
                return;
            }
            switch (next.get().early.removeFirst()) {
                case Output.Token token ->
                    add(new StreamEvent.Delta(
                            stream,
                            epoch,
                            next(),
                            token.id().choice(),
                            Tokens.of(token.tokenId()),
                            token.text(),
                            token.logprob().map(List::of).orElse(List.of())));
                case Output.Finished finished ->
                    add(new StreamEvent.Finished(
                            stream, epoch, next(), finished.id().choice(), finished.text(), finished.reason()));
                case Output.PromptScored _, Output.Done _, Output.Failed _ -> throw new IllegalStateException(stream);
            }
        }
    }

    private void add(Indexed event) {
        switch (event) {
            case StreamEvent.PromptScored scored -> {
                promptScored = true;
                choices.forEach(choice -> choice.characters += characters(scored, 0));
            }
            case StreamEvent.Delta delta -> {
                Choice choice = choices.get(delta.choice());
                for (int i = 0; i < delta.ids().size(); i++) {
                    choice.ids.add(delta.ids().get(i));
                }
                choice.characters += characters(delta, delta.choice());
            }
            case StreamEvent.Finished finished -> choices.get(finished.choice()).finished = true;
            case StreamEvent.Done _, StreamEvent.Failed _ -> {}
        }
        log.add(event);
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
        /** Waits for its place in the log. */
        final Deque<Output> early = new ArrayDeque<>();

        boolean finished;
        int characters;
    }
}
