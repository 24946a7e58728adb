package belle.gateway.http;

import belle.gateway.api.StreamName;
import belle.gateway.work.Generations;
import belle.proto.Failure;
import belle.proto.FailureException;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;

/** Goes on with a stream whose reader was cut off. */
final class ResumeHandler {
    private static final String LAST_EVENT_ID = "Last-Event-ID";

    private final Generations generations;
    private final StreamAnswers answers;

    ResumeHandler(Generations generations, StreamAnswers answers) {
        this.generations = generations;
        this.answers = answers;
    }

    CompletionStage<HttpResponse> resume(Call call) {
        StreamName name = Generations.name(call.rest());
        long after = call.request()
                .getHeader(LAST_EVENT_ID)
                .map(HttpHeader::value)
                .map(id -> name.indexOf(id)
                        .orElseThrow(() -> new FailureException(new Failure.Invalid(
                                LAST_EVENT_ID,
                                "Last-Event-ID must be the id of an event of this stream: <stream>.<index>"))))
                .orElse(-1L);
        return generations
                .resume(name, after, call.clientGone())
                .thenApply(part ->
                        answers.resumed(call, part, after).addHeader(RawHeader.create("X-Session-Id", name.session())));
    }
}
