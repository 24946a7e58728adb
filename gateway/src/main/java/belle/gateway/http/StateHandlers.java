package belle.gateway.http;

import belle.gateway.api.OpenApi;
import belle.gateway.stream.ModelDirectory;
import belle.proto.Failure;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** Answers questions about the gateway itself. */
final class StateHandlers {
    private final ModelDirectory directory;
    private final BooleanSupplier draining;
    private final Metrics metrics;
    private final ObjectNode openApi = OpenApi.document();

    StateHandlers(ModelDirectory directory, BooleanSupplier draining, Metrics metrics) {
        this.directory = directory;
        this.draining = draining;
        this.metrics = metrics;
    }

    CompletionStage<HttpResponse> live(Call call) {
        return done(Answers.json(200, status("live")));
    }

    CompletionStage<HttpResponse> ready(Call call) {
        if (draining.getAsBoolean()) {
            return done(Answers.failure(new Failure.Unavailable("the server is draining")));
        }
        return done(
                directory.ready()
                        ? Answers.json(200, status("ready"))
                        : Answers.failure(new Failure.Unavailable("no node serves a model yet")));
    }

    CompletionStage<HttpResponse> metrics(Call call) {
        return done(HttpResponse.create()
                .withEntity(
                        ContentTypes.parse("text/plain; version=0.0.4; charset=UTF-8"),
                        metrics.page().getBytes(StandardCharsets.UTF_8)));
    }

    CompletionStage<HttpResponse> openApi(Call call) {
        return done(Answers.json(200, openApi));
    }

    private static ObjectNode status(String status) {
        return JsonNodeFactory.instance.objectNode().put("status", status);
    }

    private static CompletionStage<HttpResponse> done(HttpResponse response) {
        return CompletableFuture.completedFuture(response);
    }
}
