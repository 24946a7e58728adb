package belle.gateway.http;

import belle.gateway.api.OpenApi;
import belle.gateway.work.Metrics;
import belle.gateway.work.Readiness;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** Answers questions about the gateway itself. */
final class StateHandlers {
    private final Readiness readiness;
    private final Metrics metrics;
    private final ObjectNode openApi = OpenApi.document();

    StateHandlers(Readiness readiness, Metrics metrics) {
        this.readiness = readiness;
        this.metrics = metrics;
    }

    CompletionStage<HttpResponse> live(Call call) {
        return done(Answers.json(200, status("live")));
    }

    CompletionStage<HttpResponse> ready(Call call) {
        return done(readiness.problem().map(Answers::failure).orElseGet(() -> Answers.json(200, status("ready"))));
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
