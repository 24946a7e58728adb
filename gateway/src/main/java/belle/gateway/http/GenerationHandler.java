package belle.gateway.http;

import belle.gateway.api.GenerationRequest;
import belle.gateway.api.IdempotencyKey;
import belle.gateway.api.SamplingFields;
import belle.gateway.api.SessionNames;
import belle.gateway.api.StreamName;
import belle.gateway.http.StreamAnswers.Part;
import belle.gateway.stream.ModelDirectory;
import belle.gateway.stream.ModelDirectory.Served;
import belle.gateway.stream.OpenStream;
import belle.gateway.stream.Streams;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.Prompt;
import belle.proto.SamplingParams;
import belle.proto.session.SessionCommand;
import belle.proto.session.StreamEvent;
import com.fasterxml.jackson.databind.JsonNode;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;

/** Answers chats and completions: one stream of the session per prompt, all accepted before the 200 goes out. */
final class GenerationHandler {
    private static final String SESSION_HEADER = "X-Session-Id";
    private static final long SEED_BITS = (1L << 53) - 1; // What every JSON reader keeps exactly.

    private final ModelDirectory directory;
    private final ModelHandlers models;
    private final Bodies bodies;
    private final Streams streams;
    private final StreamAnswers answers;
    private final InstantSource clock;
    private final RandomGenerator random;

    GenerationHandler(
            ModelDirectory directory,
            ModelHandlers models,
            Bodies bodies,
            Streams streams,
            StreamAnswers answers,
            InstantSource clock,
            RandomGenerator random) {
        this.directory = directory;
        this.models = models;
        this.bodies = bodies;
        this.streams = streams;
        this.answers = answers;
        this.clock = clock;
        this.random = random;
    }

    CompletionStage<HttpResponse> chat(Call call) {
        return generate(call, GenerationRequest::chat);
    }

    CompletionStage<HttpResponse> completion(Call call) {
        return generate(call, GenerationRequest::completion);
    }

    private CompletionStage<HttpResponse> generate(Call call, Function<JsonNode, GenerationRequest> reader) {
        long began = System.nanoTime();
        Optional<String> header = call.request().getHeader(SESSION_HEADER).map(HttpHeader::value);
        if (header.isPresent() && !SessionNames.valid(header.get())) {
            throw new FailureException(new Failure.Invalid(
                    SESSION_HEADER, "X-Session-Id must be 1 to 128 letters, digits, '.', '_', ':' or '-'"));
        }
        CompletionStage<HttpResponse> answer =
                bodies.json(call.request()).thenCompose(body -> answer(call, reader.apply(body), header, began));
        return header.isEmpty() ? answer : named(answer, header.get());
    }

    private CompletionStage<HttpResponse> answer(
            Call call, GenerationRequest request, Optional<String> header, long began) {
        Served served = ModelHandlers.served(directory, request.model());
        request.unknownToken(served.info()).ifPresent(failure -> {
            throw new FailureException(failure);
        });
        String tenant = call.tenant().anonymous()
                ? request.user().orElse("")
                : call.tenant().name();
        Optional<IdempotencyKey> key =
                call.request().getHeader(IdempotencyKey.HEADER).map(value -> IdempotencyKey.of(tenant, value.value()));
        long drawnSeed = key.map(IdempotencyKey::seed).orElseGet(random::nextLong) & SEED_BITS;
        SamplingParams params = SamplingFields.of(request, served.info(), drawnSeed);
        String session = header.or(request::session)
                .orElseGet(() -> session(request.model(), request.prompts().getFirst(), key.isPresent()));
        return named(
                echoes(request, served)
                        .thenCompose(echoes -> open(call, request, params, new Target(session, tenant, key), echoes))
                        .thenCompose(parts -> answers.answer(call, request, params, parts, began))
                        .thenApply(response ->
                                response.addHeader(RawHeader.create("X-Seed", Long.toString(params.seed())))),
                session);
    }

    /** A request with a key finds its session from every gateway, whatever each of them knows of the nodes. */
    private String session(String model, Prompt prompt, boolean sameEverywhere) {
        String conversation = SessionNames.of(model, prompt);
        return sameEverywhere ? conversation : streams.session(conversation, SessionNames.beginning(model, prompt));
    }

    /** Puts the session's name on the answer, an error or not. */
    private static CompletionStage<HttpResponse> named(CompletionStage<HttpResponse> answer, String session) {
        return answer.exceptionally(Answers::explained)
                .thenApply(response -> response.getHeader(SESSION_HEADER).isPresent()
                        ? response
                        : response.addHeader(RawHeader.create(SESSION_HEADER, session)));
    }

    /** The text to put before each prompt's choices. */
    private CompletionStage<List<String>> echoes(GenerationRequest request, Served served) {
        CompletionStage<List<String>> texts = CompletableFuture.completedFuture(new ArrayList<>());
        for (Prompt prompt : request.prompts()) {
            CompletionStage<String> text = switch (prompt) {
                case Prompt.Text(String given) when request.echo() -> CompletableFuture.completedFuture(given);
                case Prompt.Ids(var ids) when request.echo() -> models.text(served, ids);
                case Prompt.Text _, Prompt.Ids _, Prompt.Chat _ -> CompletableFuture.completedFuture("");
            };
            texts = texts.thenCombine(text, (all, one) -> {
                all.add(one);
                return all;
            });
        }
        return texts;
    }

    /** Opens all streams, or none: the first refusal cancels the others and fails the stage. */
    private CompletionStage<List<Part>> open(
            Call call, GenerationRequest request, SamplingParams params, Target target, List<String> echoes) {
        String session = target.session();
        String suffix = target.key().map(IdempotencyKey::hash).orElseGet(() -> StreamName.drawRandom(random));
        long now = clock.instant().getEpochSecond();
        long created = target.key().map(key -> key.created(now)).orElse(now);
        boolean echoPrompt = request.echo() && params.topLogprobs() >= 0;
        List<CompletableFuture<Part>> opening = new ArrayList<>();
        for (int i = 0; i < request.prompts().size(); i++) {
            var name = new StreamName(session, request.kind(), request.includeUsage(), i * params.n(), created, suffix);
            Prompt prompt = request.prompts().get(i);
            String echo = echoes.get(i);
            Function<ActorRef<StreamEvent>, SessionCommand.Generate> command = replyTo -> new SessionCommand.Generate(
                    name.toString(), request.model(), prompt, params, target.tenant(), echoPrompt, replyTo);
            CompletableFuture<OpenStream> opened = target.key().isEmpty()
                    ? streams.generate(session, name.toString(), command)
                    : streams.generateOrJoin(session, name.toString(), command);
            call.clientGone().thenRun(() -> opened.cancel(false));
            opening.add(opened.thenApply(stream -> part(stream, name, echo)));
        }
        return allOrNone(opening);
    }

    /** Where a request is computed, for whom, and under which name of the client's. */
    private record Target(String session, String tenant, Optional<IdempotencyKey> key) {}

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
}
