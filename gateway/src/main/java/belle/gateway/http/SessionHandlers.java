package belle.gateway.http;

import belle.gateway.api.SessionBodies;
import belle.gateway.work.Sessions;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** Shows and deletes conversations. */
final class SessionHandlers {
    private final Sessions sessions;

    SessionHandlers(Sessions sessions) {
        this.sessions = sessions;
    }

    CompletionStage<HttpResponse> show(Call call) {
        return sessions.describe(call.rest(), call.tenant())
                .thenApply(turns -> Answers.json(200, SessionBodies.session(call.rest(), turns)));
    }

    CompletionStage<HttpResponse> delete(Call call) {
        return sessions.delete(call.rest(), call.tenant())
                .thenApply(_ -> HttpResponse.create().withStatus(204));
    }
}
