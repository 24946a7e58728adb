package belle.gateway.work;

import belle.gateway.api.GenerationRequest;
import belle.gateway.api.IdempotencyKey;
import belle.gateway.api.SamplingFields;
import belle.gateway.api.SessionNames;
import belle.gateway.api.StreamName;
import belle.gateway.stream.ModelDirectory.Served;
import belle.gateway.stream.OpenStream;
import belle.gateway.stream.Streams;
import belle.gateway.work.Tenants.Tenant;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.Prompt;
import belle.proto.SamplingParams;
import belle.proto.session.SessionCommand;
import belle.proto.session.StreamEvent;
import belle.proto.trace.TraceSpan;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;

/** Begins chats and completions, one stream of the session per prompt, and goes on with them. */
public final class Generations {
    private static final long SEED_BITS = (1L << 53) - 1; // What every JSON reader keeps exactly.

    /**
     * A request whose checks have all been made that can be made here.
     *
     * @param session where it is computed
     * @param tenant for whom
     * @param key under which name of the client's
     * @param trace what its session is to be a part of
     */
    public record Plan(
            GenerationRequest request,
            Served served,
            SamplingParams params,
            String session,
            String tenant,
            Optional<IdempotencyKey> key,
            TraceSpan trace) {}

    private final Models models;
    private final Streams streams;
    private final Metrics metrics;
    private final InstantSource clock;
    private final RandomGenerator random;

    public Generations(Models models, Streams streams, Metrics metrics, InstantSource clock, RandomGenerator random) {
        this.models = models;
        this.streams = streams;
        this.metrics = metrics;
        this.clock = clock;
        this.random = random;
    }

    /**
     * Checks a request against its model, and draws and names what it leaves open; a fault is a {@link FailureException}.
     *
     * @param session as the caller names it outside of the request's body; wins over the one in it
     * @param key the caller's name for the request
     * @param trace of the call
     */
    public Plan plan(
            GenerationRequest request, Tenant caller, Optional<String> session, Optional<String> key, TraceSpan trace) {
        Served served = models.served(request.model());
        request.unknownToken(served.info()).ifPresent(failure -> {
            throw new FailureException(failure);
        });
        String tenant = caller.anonymous() ? request.user().orElse("") : caller.name();
        Optional<IdempotencyKey> hashed = key.map(value -> IdempotencyKey.of(tenant, value));
        long drawnSeed = hashed.map(IdempotencyKey::seed).orElseGet(random::nextLong) & SEED_BITS;
        SamplingParams params = SamplingFields.of(request, served.info(), drawnSeed);
        String name = session.or(request::session)
                .orElseGet(() -> session(request.model(), request.prompts().getFirst(), hashed.isPresent()));
        return new Plan(request, served, params, name, tenant, hashed, trace);
    }

    /**
     * Opens all streams of a request, or none: the first refusal cancels the others and fails the stage.
     *
     * @param gone completes when the client has gone, which takes back what is not open yet
     */
    public CompletionStage<List<Part>> open(Plan plan, CompletionStage<Done> gone) {
        return echoes(plan).thenCompose(echoes -> open(plan, echoes, gone)).thenApply(this::counted);
    }

    /** Goes on with a stream behind event {@code after}, or from its first one (-1). */
    public CompletionStage<Part> resume(StreamName name, long after, CompletionStage<Done> gone) {
        // One event more than needed: it tells a stream that has ended from one that has nothing new yet.
        CompletableFuture<OpenStream> opened = streams.resume(name.session(), name.toString(), Math.max(-1, after - 1));
        gone.thenRun(() -> opened.cancel(false));
        return opened.thenApply(
                stream -> counted(List.of(part(stream, name, ""))).getFirst());
    }

    /** Reads a stream's name; one that is none is not found. */
    public static StreamName name(String stream) {
        return StreamName.parse(stream)
                .orElseThrow(() -> new FailureException(new Failure.NotFound("there is no stream of this name")));
    }

    /** A request with a key finds its session from every gateway, whatever each of them knows of the nodes. */
    private String session(String model, Prompt prompt, boolean sameEverywhere) {
        String conversation = SessionNames.of(model, prompt);
        return sameEverywhere ? conversation : streams.session(conversation, SessionNames.beginning(model, prompt));
    }

    /** The text to put before each prompt's choices. */
    private CompletionStage<List<String>> echoes(Plan plan) {
        boolean echo = plan.request().echo();
        CompletionStage<List<String>> texts = CompletableFuture.completedFuture(new ArrayList<>());
        for (Prompt prompt : plan.request().prompts()) {
            CompletionStage<String> text = switch (prompt) {
                case Prompt.Text(String given) when echo -> CompletableFuture.completedFuture(given);
                case Prompt.Ids(var ids) when echo -> models.text(plan.served(), ids);
                case Prompt.Text _, Prompt.Ids _, Prompt.Chat _ -> CompletableFuture.completedFuture("");
            };
            texts = texts.thenCombine(text, (all, one) -> {
                all.add(one);
                return all;
            });
        }
        return texts;
    }

    private CompletionStage<List<Part>> open(Plan plan, List<String> echoes, CompletionStage<Done> gone) {
        GenerationRequest request = plan.request();
        SamplingParams params = plan.params();
        String session = plan.session();
        String suffix = plan.key().map(IdempotencyKey::hash).orElseGet(() -> StreamName.drawRandom(random));
        // A request with a key has the same name whenever it comes: its session knows when it came first.
        long created = plan.key().isPresent() ? 0 : clock.instant().getEpochSecond();
        boolean echoPrompt = request.echo() && params.topLogprobs() >= 0;
        List<CompletableFuture<Part>> opening = new ArrayList<>();
        for (int i = 0; i < request.prompts().size(); i++) {
            var name = new StreamName(session, request.kind(), request.includeUsage(), i * params.n(), created, suffix);
            Prompt prompt = request.prompts().get(i);
            String echo = echoes.get(i);
            Function<ActorRef<StreamEvent>, SessionCommand.Generate> command = replyTo -> new SessionCommand.Generate(
                            name.toString(), request.model(), prompt, params, plan.tenant(), echoPrompt, replyTo)
                    .traced(plan.trace().traceparent());
            CompletableFuture<OpenStream> opened = plan.key().isEmpty()
                    ? streams.generate(session, name.toString(), command)
                    : streams.generateOrJoin(session, name.toString(), command);
            gone.thenRun(() -> opened.cancel(false));
            opening.add(opened.thenApply(stream -> part(stream, name, echo)));
        }
        return allOrNone(opening);
    }

    private static Part part(OpenStream stream, StreamName name, String echo) {
        return switch (stream) {
            case OpenStream.Begun begun -> new Part(name, echo, begun);
            case OpenStream.NotBegun(Failure failure) -> throw new FailureException(failure);
        };
    }

    private static CompletionStage<List<Part>> allOrNone(List<CompletableFuture<Part>> opening) {
        return CompletableFuture.allOf(opening.toArray(CompletableFuture[]::new))
                .thenApply(_ -> opening.stream().map(CompletableFuture::join).toList())
                .exceptionallyCompose(thrown -> {
                    opening.stream()
                            .filter(one -> one.state() == Future.State.SUCCESS)
                            .forEach(one -> one.join().begun().discard().run());
                    return CompletableFuture.failedFuture(thrown);
                });
    }

    private List<Part> counted(List<Part> parts) {
        for (Part part : parts) {
            metrics.streamBegan(part.begun().accepted().promptTokens());
            part.begun().ended().thenRun(metrics::streamEnded);
        }
        return parts;
    }
}
