package belle.session;

import belle.engine.GenerationRequest;
import belle.engine.Output;
import belle.proto.Failure;
import belle.proto.Tokens;
import belle.proto.session.Progress;
import belle.proto.session.SessionCommand;
import belle.proto.session.SessionCommand.Generate;
import belle.proto.session.StreamEvent;
import belle.replica.BatchActor;
import belle.session.ServedModel.Checked;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * Streams that still run elsewhere and are about to move here: what their readers have is computed once, for the cache
 * alone, so that going on costs no more than what came meanwhile.
 */
final class Preparations {
    /** Stands before the stream's name while its cache is filled, since the stream itself may begin at any time. */
    private static final String PREFIX = "prepare:";

    private static final long EPOCH = 0;

    private final Map<String, ActorRef<StreamEvent>> waiting = new LinkedHashMap<>();
    private final int limit;

    /** @param limit most streams at once; more are not prepared, which only costs time */
    Preparations(int limit) {
        this.limit = limit;
    }

    /**
     * Prepares for a stream as far as can be, and tells its reader the outcome.
     *
     * @param models what this node serves
     * @param here the stream is here already
     * @param lease finds a place to compute it
     */
    void prepare(
            SessionCommand.Continue goingOn,
            ServedModels models,
            boolean here,
            Function<ServedModel, Optional<Replicas.Lease>> lease,
            ActorRef<BatchActor.Event> replicaEvents) {
        Generate generate = goingOn.request();
        Optional<Failure> forged = goingOn.progress().problem(generate.params().n());
        if (forged.isPresent()) {
            refuse(generate, forged.get());
        } else if (here) {
            generate.replyTo().tell(new StreamEvent.Prepared(generate.stream()));
        } else {
            switch (models.check(generate)) {
                case Checked.Fine(var model, var request) ->
                    begin(lease.apply(model), request, goingOn.progress(), generate.replyTo(), replicaEvents);
                case Checked.Wrong(var failure) -> refuse(generate, failure);
            }
        }
    }

    private static void refuse(Generate generate, Failure failure) {
        generate.replyTo().tell(new StreamEvent.Refused(generate.stream(), failure));
    }

    /** Has {@code request} computed as far as {@code progress} goes, and {@code reader} told when that is done. */
    private void begin(
            Optional<Replicas.Lease> lease,
            GenerationRequest request,
            Progress progress,
            ActorRef<StreamEvent> reader,
            ActorRef<BatchActor.Event> replicaEvents) {
        String name = PREFIX + request.stream();
        int longest = progress.given().stream().mapToInt(Tokens::size).max().orElse(0);
        if (lease.isEmpty()
                || waiting.size() >= limit
                || longest >= request.params().maxTokens()) {
            reader.tell(new StreamEvent.Prepared(request.stream()));
        } else if (waiting.put(name, reader) == null) {
            var once = new GenerationRequest(
                    name,
                    request.prompt(),
                    request.params().withMaxTokens(longest + 1),
                    request.tenant(),
                    false,
                    progress.given());
            lease.get().replica().tell(new BatchActor.Submit(once, EPOCH, false, replicaEvents));
        }
        lease.ifPresent(Replicas.Lease::end); // The stream itself will have one.
    }

    /** Takes what a replica says, if it is about one of these. */
    boolean take(BatchActor.Event event) {
        ActorRef<StreamEvent> reader = waiting.get(event.stream());
        if (reader == null) {
            return event.stream().startsWith(PREFIX);
        }
        boolean over = switch (event) {
            case BatchActor.Admitted _ -> false;
            case BatchActor.Rejected _, BatchActor.Lost _ -> true;
            case BatchActor.Produced produced ->
                switch (produced.outputs().getLast()) {
                    case Output.Done _, Output.Failed _ -> true;
                    case Output.Token _, Output.Finished _, Output.PromptScored _ -> false;
                };
        };
        if (over) {
            waiting.remove(event.stream());
            reader.tell(new StreamEvent.Prepared(event.stream().substring(PREFIX.length())));
        }
        return true;
    }
}
