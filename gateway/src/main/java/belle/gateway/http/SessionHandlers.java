package belle.gateway.http;

import belle.gateway.api.SessionBodies;
import belle.gateway.api.SessionNames;
import belle.gateway.http.Tenants.Tenant;
import belle.gateway.stream.Streams;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.session.SessionAnswer;
import belle.proto.session.SessionCommand;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** Shows and deletes conversations: of each session the turns that are the caller's. */
final class SessionHandlers {
    private final Streams streams;

    SessionHandlers(Streams streams) {
        this.streams = streams;
    }

    CompletionStage<HttpResponse> show(Call call) {
        String session = session(call);
        return streams.ask(session, replyTo -> new SessionCommand.Describe(session, tenant(call.tenant()), replyTo))
                .thenApply(answer -> answered(session, answer));
    }

    CompletionStage<HttpResponse> delete(Call call) {
        String session = session(call);
        return streams.ask(session, replyTo -> new SessionCommand.Delete(session, tenant(call.tenant()), replyTo))
                .thenApply(answer -> answered(session, answer));
    }

    private static HttpResponse answered(String session, SessionAnswer answer) {
        return switch (answer) {
            case SessionAnswer.Conversation(var turns) -> Answers.json(200, SessionBodies.session(session, turns));
            case SessionAnswer.Deleted _ -> HttpResponse.create().withStatus(204);
            case SessionAnswer.Declined(Failure failure) -> Answers.failure(failure);
        };
    }

    private static String session(Call call) {
        if (!SessionNames.valid(call.rest())) {
            throw new FailureException(new Failure.NotFound("there is no session of this name"));
        }
        return call.rest();
    }

    /** Where no keys are set nobody is told apart. */
    private static Optional<String> tenant(Tenant tenant) {
        return tenant.anonymous() ? Optional.empty() : Optional.of(tenant.name());
    }
}
