package belle.gateway.http;

import belle.gateway.api.GenerationRequest;
import belle.gateway.api.IdempotencyKey;
import belle.gateway.api.SessionNames;
import belle.gateway.work.Generations;
import belle.proto.Failure;
import belle.proto.FailureException;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;

/** Answers chats and completions; all their streams are accepted before the 200 goes out. */
final class GenerationHandler {
    private static final String SESSION_HEADER = "X-Session-Id";

    private final Generations generations;
    private final Bodies bodies;
    private final StreamAnswers answers;

    GenerationHandler(Generations generations, Bodies bodies, StreamAnswers answers) {
        this.generations = generations;
        this.bodies = bodies;
        this.answers = answers;
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
        Optional<String> key = call.request().getHeader(IdempotencyKey.HEADER).map(HttpHeader::value);
        Generations.Plan plan = generations.plan(request, call.tenant(), header, key, call.trace());
        String seed = Long.toString(plan.params().seed());
        return named(
                generations
                        .open(plan, call.clientGone())
                        .thenCompose(parts -> answers.answer(call, request, plan.params(), parts, began))
                        .thenApply(response -> response.addHeader(RawHeader.create("X-Seed", seed))),
                plan.session());
    }

    /** Puts the session's name on the answer, an error or not. */
    private static CompletionStage<HttpResponse> named(CompletionStage<HttpResponse> answer, String session) {
        return answer.exceptionally(Answers::explained)
                .thenApply(response -> response.getHeader(SESSION_HEADER).isPresent()
                        ? response
                        : response.addHeader(RawHeader.create(SESSION_HEADER, session)));
    }
}
