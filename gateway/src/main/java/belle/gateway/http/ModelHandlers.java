package belle.gateway.http;

import belle.gateway.api.ModelBodies;
import belle.gateway.api.ModelBodies.DetokenizeRequest;
import belle.gateway.api.ModelBodies.TokenizeRequest;
import belle.gateway.work.Models;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** Answers what is known about models without generating: their list, and their tokenizers. */
final class ModelHandlers {
    private final Models models;
    private final Bodies bodies;

    ModelHandlers(Models models, Bodies bodies) {
        this.models = models;
        this.bodies = bodies;
    }

    CompletionStage<HttpResponse> models(Call call) {
        return CompletableFuture.completedFuture(Answers.json(200, ModelBodies.models(models.all())));
    }

    CompletionStage<HttpResponse> model(Call call) {
        return CompletableFuture.completedFuture(
                Answers.json(200, ModelBodies.model(models.served(call.rest()).info())));
    }

    CompletionStage<HttpResponse> tokenize(Call call) {
        return bodies.json(call.request())
                .thenCompose(body -> models.tokenize(TokenizeRequest.of(body)))
                .thenApply(answer -> Answers.json(200, ModelBodies.tokenized(answer.tokenized(), answer.model())));
    }

    CompletionStage<HttpResponse> detokenize(Call call) {
        return bodies.json(call.request())
                .thenCompose(body -> models.detokenize(DetokenizeRequest.of(body)))
                .thenApply(text -> Answers.json(200, ModelBodies.detokenized(text)));
    }
}
