package belle.cluster;

import belle.gateway.api.Errors;
import belle.proto.Failure;
import belle.proto.FailureException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.Directives;
import org.apache.pekko.http.javadsl.server.PathMatchers;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.http.javadsl.unmarshalling.Unmarshaller;
import org.jspecify.annotations.Nullable;

/**
 * Changes what the cluster serves; each with a header {@code X-Belle} and a JSON object, answered when it is done:
 *
 * <pre>
 * POST /belle/models/load     {"directory": FOLDER, "name": NAME}   serves a bundle
 * POST /belle/models/swap     the same                              in place of the one that has the name
 * POST /belle/models/unload   {"name": NAME}                        serves a name no more
 * </pre>
 */
final class ModelRoutes {
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    /** What is asked; either may be left out. */
    record Wish(@Nullable String directory, @Nullable String name) {
        private String nameOrOwn() {
            return Objects.requireNonNullElse(name, "");
        }

        private String needed(@Nullable String value, String field) {
            if (value == null || value.isEmpty()) {
                throw new FailureException(new Failure.Invalid(field, "the field '" + field + "' is missing"));
            }
            return value;
        }
    }

    private final ModelRollout rollout;

    ModelRoutes(ActorSystem<?> system) {
        this.rollout = new ModelRollout(system);
    }

    Route routes() {
        var path = PathMatchers.segment("belle").slash("models").slash(PathMatchers.segment());
        return Directives.path(
                path,
                change -> Directives.withoutRequestTimeout(() -> Directives.entity(
                        Unmarshaller.entityToString(),
                        body -> Directives.completeWithFuture(CompletableFuture.supplyAsync(
                                () -> answer(() -> changed(change, body)),
                                work -> Thread.ofVirtual()
                                        .name("model-" + change)
                                        .start(work))))));
    }

    private ModelRollout.Outcome changed(String change, String body) {
        Wish wish = parsed(body);
        return switch (change) {
            case "load" -> rollout.load(wish.needed(wish.directory, "directory"), wish.nameOrOwn(), false);
            case "swap" -> rollout.load(wish.needed(wish.directory, "directory"), wish.nameOrOwn(), true);
            case "unload" -> rollout.unload(wish.needed(wish.name, "name"));
            default ->
                throw new FailureException(
                        new Failure.NotFound("models are changed by load, swap or unload, not '" + change + "'"));
        };
    }

    private static Wish parsed(String body) {
        try {
            return Objects.requireNonNullElse(JSON.readValue(body, Wish.class), new Wish(null, null));
        } catch (JsonProcessingException e) {
            throw new FailureException(
                    new Failure.Invalid(
                            "body",
                            "the body must be a JSON object with directory and name: " + e.getOriginalMessage()),
                    e);
        }
    }

    private static HttpResponse answer(Supplier<ModelRollout.Outcome> change) {
        try {
            return StatusRoutes.json(200, change.get());
        } catch (FailureException e) {
            return StatusRoutes.json(
                    status(e.failure()), Map.of("error", e.failure().message()));
        }
    }

    /** The same as for a request to a model, but for a bundle that is broken: whoever asks has named it. */
    private static int status(Failure failure) {
        return failure instanceof Failure.Broken ? 400 : Errors.of(failure).status();
    }
}
