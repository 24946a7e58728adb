package belle.gateway.http;

import belle.gateway.api.GenerationRequest;
import belle.gateway.api.StreamRenderer;
import belle.gateway.api.WholeAnswer;
import belle.gateway.work.EventClock;
import belle.gateway.work.Metrics;
import belle.gateway.work.Part;
import belle.proto.FailureException;
import belle.proto.SamplingParams;
import belle.proto.session.Progress;
import belle.proto.session.SessionCommand.Continue;
import belle.proto.session.StreamEvent;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/** Turns open streams into HTTP answers: server-sent events, or one JSON body. */
final class StreamAnswers {
    /** An event and the part that it belongs to. */
    private record Arrived(Part part, StreamEvent.Indexed event) {}

    private final ActorSystem<?> system;
    private final Metrics metrics;
    private final Duration keepAlive;

    StreamAnswers(ActorSystem<?> system, Metrics metrics, Duration keepAlive) {
        this.system = system;
        this.metrics = metrics;
        this.keepAlive = keepAlive;
    }

    /** Answers with all parts, as the request wants it. */
    CompletionStage<HttpResponse> answer(
            Call call, GenerationRequest request, SamplingParams params, List<Part> parts, long beganNanos) {
        return request.stream()
                ? CompletableFuture.completedFuture(streamed(call, parts, params.n(), beganNanos))
                : whole(call, params, parts, beganNanos);
    }

    /** Answers with the rest of a stream behind event {@code after}. */
    HttpResponse resumed(Call call, Part part, long after) {
        StreamEvent.Accepted accepted = part.begun().accepted();
        Progress known = accepted.origin().map(Continue::progress).orElse(Progress.none(1));
        var renderer = StreamRenderer.behind(known, part.name(), part.created(), accepted.model());
        Source<String, NotUsed> events = part.begun().events().map(event -> switch (event) {
            case StreamEvent.Done done when done.index() <= after -> renderer.done(done.index());
            case StreamEvent.Failed failed -> renderer.render(failed);
            case StreamEvent.Indexed old
            when old.index() <= after -> {
                renderer.render(old); // Asked for once more, and counted.
                yield "";
            }
            case StreamEvent.Indexed fresh -> renderer.render(fresh);
        });
        return events(call, events, List.of(part));
    }

    private HttpResponse streamed(Call call, List<Part> parts, int choices, long beganNanos) {
        var clock = new EventClock(metrics, beganNanos);
        var text = new SharedStream(parts, choices);
        Source<String, NotUsed> events = merged(parts)
                .map(arrived -> {
                    clock.tick(arrived.event());
                    return text.render(arrived.part(), arrived.event());
                })
                .takeWhile(_ -> !text.ended(), true);
        return events(call, events, parts);
    }

    private static Source<Arrived, NotUsed> merged(List<Part> parts) {
        return parts.stream()
                .map(part -> part.begun().events().map(event -> new Arrived(part, event)))
                .reduce(Source::merge)
                .orElseThrow();
    }

    private HttpResponse events(Call call, Source<String, NotUsed> events, List<Part> parts) {
        Source<ByteString, NotUsed> bytes = events.filter(text -> !text.isEmpty())
                .viaMat(KillSwitches.single(), Keep.right())
                .mapMaterializedValue(running -> {
                    // On a stream where nothing is due no write would fail: the hung-up connection must end it.
                    call.clientGone().thenRun(running::shutdown);
                    return NotUsed.getInstance();
                })
                .keepAlive(keepAlive, () -> StreamRenderer.KEEP_ALIVE)
                .map(text -> {
                    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
                    metrics.sent(utf8.length);
                    return ByteString.fromArrayUnsafe(utf8);
                });
        return HttpResponse.create()
                .withEntity(HttpEntities.createChunked(MediaTypes.TEXT_EVENT_STREAM.toContentType(), bytes))
                .addHeader(RawHeader.create("Cache-Control", "no-store"))
                .addHeader(RawHeader.create("X-Accel-Buffering", "no"))
                .addAttribute(Call.RUNNING, new Call.Running(ended(parts)));
    }

    private CompletionStage<HttpResponse> whole(Call call, SamplingParams params, List<Part> parts, long beganNanos) {
        Part first = parts.getFirst();
        var answer = new WholeAnswer(
                first.name(), first.created(), first.begun().accepted().model(), params.n(), params.topLogprobs() >= 0);
        var clock = new EventClock(metrics, beganNanos);
        parts.forEach(part -> answer.begin(part.name(), part.echo()));
        var running = merged(parts)
                .viaMat(KillSwitches.single(), Keep.right())
                .toMat(
                        Sink.foreach(arrived -> {
                            clock.tick(arrived.event());
                            if (arrived.event() instanceof StreamEvent.Failed failed) {
                                throw new FailureException(failed.failure());
                            }
                            answer.add(arrived.part().name(), arrived.event());
                        }),
                        Keep.both())
                .run(system);
        call.clientGone().thenRun(running.first()::shutdown);
        return running.second().thenApply(_ -> Answers.json(200, answer.body()));
    }

    private static CompletionStage<Done> ended(List<Part> parts) {
        return CompletableFuture.allOf(parts.stream()
                        .map(part -> part.begun().ended().toCompletableFuture())
                        .toArray(CompletableFuture[]::new))
                .thenApply(_ -> Done.getInstance());
    }
}
