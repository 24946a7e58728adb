package belle.gateway.work;

import belle.gateway.api.ModelBodies.DetokenizeRequest;
import belle.gateway.api.ModelBodies.TokenizeRequest;
import belle.gateway.stream.ModelDirectory;
import belle.gateway.stream.ModelDirectory.Found;
import belle.gateway.stream.ModelDirectory.Served;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.Tokens;
import belle.proto.node.NodeQuery;
import belle.proto.node.NodeQuery.ModelInfo;
import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.japi.function.Function;

/** Knows about models without generating: their list, and their tokenizers. Failures are {@link FailureException}s. */
public final class Models {
    /** A prompt's ids, and the model that they are for. */
    public record Tokenization(NodeQuery.Tokenized tokenized, ModelInfo model) {}

    private final ModelDirectory directory;
    private final ActorSystem<?> system;
    private final Duration timeout;

    /** @param timeout how long a node may take to answer */
    public Models(ModelDirectory directory, ActorSystem<?> system, Duration timeout) {
        this.directory = directory;
        this.system = system;
        this.timeout = timeout;
    }

    /** Returns all models, by id. */
    public Collection<ModelInfo> all() {
        return directory.models();
    }

    /** Returns a served model, or throws the failure that there is none. */
    public Served served(String model) {
        return switch (directory.find(model)) {
            case Found.Model(Served served) -> served;
            case Found.Nothing(Failure failure) -> throw new FailureException(failure);
        };
    }

    /** Returns the ids that a generation would begin with. */
    public CompletionStage<Tokenization> tokenize(TokenizeRequest request) {
        Served served = served(request.model());
        return this.<NodeQuery.Tokenized>ask(
                        served, replyTo -> new NodeQuery.Tokenize(request.model(), request.prompt(), replyTo))
                .thenApply(answer -> {
                    refuse(answer.failure());
                    return new Tokenization(answer, served.info());
                });
    }

    /** Returns the text of ids, special tokens left out. */
    public CompletionStage<String> detokenize(DetokenizeRequest request) {
        Served served = served(request.model());
        refuse(request.unknownToken(served.info()));
        return text(served, request.tokens());
    }

    /** Returns the text of ids that the model has. */
    CompletionStage<String> text(Served served, Tokens ids) {
        return this.<NodeQuery.Detokenized>ask(
                        served,
                        replyTo -> new NodeQuery.Detokenize(served.info().id(), ids, replyTo))
                .thenApply(answer -> {
                    refuse(answer.failure());
                    return answer.text();
                });
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
}
