package belle.gateway.http;

import belle.gateway.api.ModelBodies;
import belle.gateway.stream.ModelDirectory;
import belle.gateway.stream.ModelDirectory.Found;
import belle.gateway.stream.ModelDirectory.Served;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.Tokens;
import belle.proto.node.NodeQuery;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.japi.function.Function;

/** Answers what is known about models without generating: their list, and their tokenizers. */
final class ModelHandlers {
    private final ModelDirectory directory;
    private final Bodies bodies;
    private final ActorSystem<?> system;
    private final Duration timeout;

    ModelHandlers(ModelDirectory directory, Bodies bodies, ActorSystem<?> system, Duration timeout) {
        this.directory = directory;
        this.bodies = bodies;
        this.system = system;
        this.timeout = timeout;
    }

    CompletionStage<HttpResponse> models(Call call) {
        return done(Answers.json(200, ModelBodies.models(directory.models())));
    }

    CompletionStage<HttpResponse> model(Call call) {
        return done(Answers.json(
                200, ModelBodies.model(served(directory, call.rest()).info())));
    }

    CompletionStage<HttpResponse> tokenize(Call call) {
        return bodies.json(call.request()).thenCompose(body -> {
            var request = ModelBodies.TokenizeRequest.of(body);
            Served served = served(directory, request.model());
            return this.<NodeQuery.Tokenized>ask(
                            served, replyTo -> new NodeQuery.Tokenize(request.model(), request.prompt(), replyTo))
                    .thenApply(answer -> {
                        refuse(answer.failure());
                        return Answers.json(200, ModelBodies.tokenized(answer, served.info()));
                    });
        });
    }

    CompletionStage<HttpResponse> detokenize(Call call) {
        return bodies.json(call.request()).thenCompose(body -> {
            var request = ModelBodies.DetokenizeRequest.of(body);
            Served served = served(directory, request.model());
            refuse(request.unknownToken(served.info()));
            return text(served, request.tokens()).thenApply(text -> Answers.json(200, ModelBodies.detokenized(text)));
        });
    }

    /** Returns the text of ids, or fails with a {@link FailureException}. */
    CompletionStage<String> text(Served served, Tokens ids) {
        return this.<NodeQuery.Detokenized>ask(
                        served,
                        replyTo -> new NodeQuery.Detokenize(served.info().id(), ids, replyTo))
                .thenApply(answer -> {
                    refuse(answer.failure());
                    return answer.text();
                });
    }

    /** Returns a served model, or throws the failure that there is none. */
    static Served served(ModelDirectory directory, String model) {
        return switch (directory.find(model)) {
            case Found.Model(Served served) -> served;
            case Found.Nothing(Failure failure) -> throw new FailureException(failure);
        };
    }

    private <A> CompletionStage<A> ask(Served served, Function<ActorRef<A>, NodeQuery> query) {
        var nodes = served.nodes();
        var node = nodes.get(ThreadLocalRandom.current().nextInt(nodes.size()));
        return AskPattern.ask(node, query, timeout, system.scheduler())
                .exceptionallyCompose(_ -> CompletableFuture.failedFuture(new FailureException(
                        new Failure.Unavailable("no answer from the node within " + timeout.toMillis() + " ms"))));
    }

    private static void refuse(Optional<Failure> failure) {
        failure.ifPresent(f -> {
            throw new FailureException(f);
        });
    }

    private static CompletionStage<HttpResponse> done(HttpResponse response) {
        return CompletableFuture.completedFuture(response);
    }
}
