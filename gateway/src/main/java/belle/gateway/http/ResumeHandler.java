package belle.gateway.http;

import belle.gateway.api.StreamName;
import belle.gateway.http.StreamAnswers.Part;
import belle.gateway.stream.OpenStream;
import belle.gateway.stream.Streams;
import belle.proto.Failure;
import belle.proto.FailureException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;

/** Goes on with a stream whose reader was cut off. */
final class ResumeHandler {
    private static final String LAST_EVENT_ID = "Last-Event-ID";

    private final Streams streams;
    private final StreamAnswers answers;

    ResumeHandler(Streams streams, StreamAnswers answers) {
        this.streams = streams;
        this.answers = answers;
    }

    CompletionStage<HttpResponse> resume(Call call) {
        StreamName name = StreamName.parse(call.rest())
                .orElseThrow(() -> new FailureException(new Failure.NotFound("there is no stream of this name")));
        long after = call.request()
                .getHeader(LAST_EVENT_ID)
                .map(HttpHeader::value)
                .map(id -> name.indexOf(id)
                        .orElseThrow(() -> new FailureException(new Failure.Invalid(
                                LAST_EVENT_ID,
                                "Last-Event-ID must be the id of an event of this stream: <stream>.<index>"))))
                .orElse(-1L);
        // One event more than needed: it tells a stream that has ended from one that has nothing new yet.
        CompletableFuture<OpenStream> opened = streams.resume(name.session(), name.toString(), Math.max(-1, after - 1));
        call.clientGone().thenRun(() -> opened.cancel(false));
        return opened.thenApply(stream -> switch (stream) {
            case OpenStream.Begun begun ->
                answers.resumed(call, new Part(name, "", begun), after)
                        .addHeader(RawHeader.create("X-Session-Id", name.session()));
            case OpenStream.NotBegun(Failure failure) -> throw new FailureException(failure);
        });
    }
}
