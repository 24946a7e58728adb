package belle.gateway.stream;

import belle.proto.TokenLogprob;
import belle.proto.Tokens;
import belle.proto.session.Progress;
import belle.proto.session.SessionCommand;
import belle.proto.session.StreamEvent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;

/** What a reader was told of its stream: enough to have the rest computed by another session, wherever it is. */
final class Received {
    private SessionCommand.Generate request;
    private final List<Choice> choices = new ArrayList<>();
    private boolean promptScored;

    /** Begins behind what {@code origin} says is known. */
    Received(SessionCommand.Continue origin) {
        request = origin.request();
        promptScored = origin.progress().promptScored();
        origin.progress().choices().forEach(choice -> choices.add(new Choice(choice)));
    }

    /** Nothing of a new request. */
    static Received nothingOf(SessionCommand.Generate request) {
        return new Received(new SessionCommand.Continue(request, request.nothingHeard()));
    }

    /** Notes when the session that answers first took the request, and what computes it, if it tells. */
    void note(StreamEvent.Accepted accepted) {
        if (accepted.begun() > 0) {
            request = request.begunAt(accepted.begun());
        }
        if (!accepted.bundle().isEmpty()) {
            request = request.by(accepted.bundle());
        }
    }

    /** Notes the next event. */
    void note(StreamEvent.Indexed event) {
        switch (event) {
            case StreamEvent.PromptScored scored -> {
                promptScored = true;
                choices.forEach(choice -> choice.characters += TokenLogprob.characters(scored.tokens()));
            }
            case StreamEvent.Delta delta -> choices.get(delta.choice()).add(delta);
            case StreamEvent.Finished finished -> choices.get(finished.choice()).finished = true;
            case StreamEvent.Done _, StreamEvent.Failed _ -> {}
        }
    }

    /**
     * Returns what to tell a session that is to go on.
     *
     * @param after index of the last event noted
     * @param epoch in which it is to go on
     * @param reader who hears the events, for a client that asked at {@code asked}
     * @param reading the reader's number
     */
    SessionCommand.Continue behind(long after, long epoch, ActorRef<StreamEvent> reader, long asked, long reading) {
        var progress = new Progress(
                after, epoch, promptScored, choices.stream().map(Choice::told).toList());
        return new SessionCommand.Continue(request.answeredTo(reader, asked, reading), progress);
    }

    private static final class Choice {
        private int[] ids;
        private int size;
        private boolean finished;
        private int characters;

        Choice(Progress.Choice known) {
            ids = known.ids().toArray();
            size = ids.length;
            finished = known.finished();
            characters = known.characters();
        }

        void add(StreamEvent.Delta delta) {
            Tokens more = delta.ids();
            characters += TokenLogprob.characters(delta.logprobs());
            if (size + more.size() > ids.length) {
                ids = Arrays.copyOf(ids, size + size / 2 + more.size() + 16);
            }
            for (int i = 0; i < more.size(); i++) {
                ids[size++] = more.get(i);
            }
        }

        Progress.Choice told() {
            return new Progress.Choice(Tokens.of(Arrays.copyOf(ids, size)), finished, characters);
        }
    }
}
