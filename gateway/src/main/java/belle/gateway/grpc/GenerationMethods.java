package belle.gateway.grpc;

import belle.gateway.api.GenerationRequest;
import belle.gateway.api.StreamName;
import belle.gateway.work.EventClock;
import belle.gateway.work.Generations;
import belle.gateway.work.Metrics;
import belle.gateway.work.Part;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.session.StreamEvent;
import belle.v1.Call;
import belle.v1.ChatRequest;
import belle.v1.Event;
import belle.v1.GenerateRequest;
import belle.v1.ResumeRequest;
import belle.v1.Started;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/** Answers Generate, Chat and Resume. */
final class GenerationMethods {
    private final Generations generations;
    private final Metrics metrics;

    GenerationMethods(Generations generations, Metrics metrics) {
        this.generations = generations;
        this.metrics = metrics;
    }

    CompletionStage<Source<Event, NotUsed>> generate(GrpcCall call, GenerateRequest request) {
        return answer(call, GenerationRequest.completion(RequestJson.of(request)), request.getCall());
    }

    CompletionStage<Source<Event, NotUsed>> chat(GrpcCall call, ChatRequest request) {
        return answer(call, GenerationRequest.chat(RequestJson.of(request)), request.getCall());
    }

    CompletionStage<Source<Event, NotUsed>> resume(GrpcCall call, ResumeRequest request) {
        StreamName name = Generations.name(request.getStream());
        long after = request.hasAfter() ? request.getAfter() : -1;
        if (after < -1) {
            throw new FailureException(
                    new Failure.Invalid("after", "after must be the index of an event or -1, but is " + after));
        }
        return generations.resume(name, after, call.over()).thenApply(part -> {
            // The last event that the client has may come once more.
            Source<Event, NotUsed> events = begun(call, part)
                    .filter(event -> event.index() > after || event instanceof StreamEvent.Failed)
                    .map(EventMessages::of);
            return Source.single(EventMessages.first(
                            name, EventMessages.started(part).build()))
                    .concat(events);
        });
    }

    private CompletionStage<Source<Event, NotUsed>> answer(GrpcCall call, GenerationRequest request, Call said) {
        Optional<String> key = said.hasIdempotencyKey() ? Optional.of(said.getIdempotencyKey()) : Optional.empty();
        Generations.Plan plan = generations.plan(request, call.tenant(), Optional.empty(), key, call.trace());
        return generations.open(plan, call.over()).thenApply(parts -> {
            Part part = parts.getFirst(); // There is one prompt.
            Started started = started(part, plan);
            var clock = new EventClock(metrics, call.beganNanos());
            Source<Event, NotUsed> events = begun(call, part).map(event -> {
                clock.tick(event);
                return EventMessages.of(event);
            });
            return said.getWhole()
                    ? events.fold(new WholeMessage(started, plan.params().n()), WholeMessage::add)
                            .map(WholeMessage::event)
                    : Source.single(EventMessages.first(part.name(), started)).concat(events);
        });
    }

    private static Started started(Part part, Generations.Plan plan) {
        Started.Builder started =
                EventMessages.started(part).setSeed(plan.params().seed());
        return plan.request().echo() ? started.setPrompt(part.echo()).build() : started.build();
    }

    /** A call may be over before anybody reads the events: then nobody else would cancel the stream. */
    private static Source<StreamEvent.Indexed, NotUsed> begun(GrpcCall call, Part part) {
        call.over().thenRun(part.begun().discard());
        return part.begun().events();
    }
}
