package belle.gateway.work;

import belle.gateway.api.SessionNames;
import belle.gateway.stream.Streams;
import belle.gateway.work.Tenants.Tenant;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.session.SessionAnswer;
import belle.proto.session.SessionCommand;
import belle.proto.session.TurnView;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;

/** Shows and deletes conversations: of each session the turns that are the caller's. */
public final class Sessions {
    private final Streams streams;

    public Sessions(Streams streams) {
        this.streams = streams;
    }

    /** Returns the session's turns, or fails with a {@link FailureException}. */
    public CompletionStage<List<TurnView>> describe(String session, Tenant tenant) {
        return streams.ask(known(session), replyTo -> new SessionCommand.Describe(session, owner(tenant), replyTo))
                .thenApply(answer -> switch (answer) {
                    case SessionAnswer.Conversation(var turns) -> turns;
                    case SessionAnswer.Deleted _ -> throw unasked(answer);
                    case SessionAnswer.Declined(Failure failure) -> throw new FailureException(failure);
                });
    }

    /** Ends the session's turns and forgets them, or fails with a {@link FailureException}. */
    public CompletionStage<Done> delete(String session, Tenant tenant) {
        return streams.ask(known(session), replyTo -> new SessionCommand.Delete(session, owner(tenant), replyTo))
                .thenApply(answer -> switch (answer) {
                    case SessionAnswer.Deleted _ -> Done.getInstance();
                    case SessionAnswer.Conversation _ -> throw unasked(answer);
                    case SessionAnswer.Declined(Failure failure) -> throw new FailureException(failure);
                });
    }

    private static IllegalStateException unasked(SessionAnswer answer) {
        return new IllegalStateException("not an answer to this question: " + answer);
    }

    private static String known(String session) {
        if (!SessionNames.valid(session)) {
            throw new FailureException(new Failure.NotFound("there is no session of this name"));
        }
        return session;
    }

    /** Where no keys are set nobody is told apart. */
    private static Optional<String> owner(Tenant tenant) {
        return tenant.anonymous() ? Optional.empty() : Optional.of(tenant.name());
    }
}
