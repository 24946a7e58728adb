package belle.gateway.api;

import belle.gateway.schema.SchemaWriter;
import belle.gateway.schema.Shape;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The OpenAPI 3.1 document, written from the tables that requests are checked with. It names every status that each
 * path can answer with.
 */
public final class OpenApi {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final String JSON_TYPE = "application/json";
    private static final Shape HTML = Shape.text();

    /** What can go wrong anywhere: bad requests, wrong methods, bugs. */
    private static final List<Integer> ANYWHERE = List.of(400, 500);

    private static final List<Integer> GUARDED = List.of(400, 401, 500, 503);
    private static final List<Integer> WORK = List.of(400, 401, 404, 408, 413, 415, 429, 500, 503);
    private static final List<Integer> QUESTION = List.of(400, 401, 404, 408, 413, 415, 500, 503);
    private static final Map<Integer, String> MEANINGS = Map.of(
            400, "The request is wrong: the message names the field, the limit and the value.",
            401, "An API key is missing or unknown.",
            404, "No such model, stream, session or path.",
            408, "The request body did not arrive in time.",
            413, "The request body is too large.",
            415, "The request body is not application/json.",
            429, "A queue or quota is full: try again after Retry-After seconds.",
            500, "The server failed.",
            503, "The server starts, drains, or no node answers.");

    private final SchemaWriter schemas = new SchemaWriter();
    private final ObjectNode paths = JSON.objectNode();

    private OpenApi() {}

    /** Returns the whole document. */
    public static ObjectNode document() {
        return new OpenApi().write();
    }

    private ObjectNode write() {
        generation(
                "/v1/chat/completions",
                "createChatCompletion",
                "Continues a conversation.",
                RequestFields.CHAT,
                AnswerFields.CHAT);
        generation(
                "/v1/completions",
                "createCompletion",
                "Continues a text.",
                RequestFields.COMPLETION,
                AnswerFields.COMPLETION);
        resume();
        sessions();
        question(
                "/tokenize",
                "tokenize",
                "The token ids of a text or conversation.",
                RequestFields.TOKENIZE,
                AnswerFields.TOKENIZED);
        question(
                "/detokenize",
                "detokenize",
                "The text of token ids.",
                RequestFields.DETOKENIZE,
                AnswerFields.DETOKENIZED);
        ok(get("/v1/models", "listModels", "All models.", true, GUARDED), JSON_TYPE, AnswerFields.MODELS);
        ObjectNode model = get("/v1/models/{model}", "getModel", "One model.", true, List.of(400, 401, 404, 500, 503));
        parameter(model, "path", "model", Shape.text(), "The model's id.");
        ok(model, JSON_TYPE, AnswerFields.MODEL);
        ok(get("/health/live", "live", "Whether the process lives.", false, ANYWHERE), JSON_TYPE, AnswerFields.STATUS);
        ok(
                get("/health/ready", "ready", "Whether it takes work.", false, List.of(400, 500, 503)),
                JSON_TYPE,
                AnswerFields.STATUS);
        ok(get("/metrics", "metrics", "Numbers for Prometheus.", false, ANYWHERE), "text/plain", Shape.text());
        ok(get("/openapi.json", "openApi", "This document.", false, ANYWHERE), JSON_TYPE, new Shape.Any());
        ok(get("/", "page", "The chat page.", false, ANYWHERE), "text/html", HTML);
        return document(paths, schemas.components());
    }

    private static ObjectNode document(ObjectNode paths, ObjectNode schemas) {
        ObjectNode document = JSON.objectNode().put("openapi", "3.1.0");
        document.putObject("info")
                .put("title", "BELLE cluster")
                .put("version", "1")
                .put("description", "Chat and text generation in OpenAI's shapes. Unknown fields are ignored.");
        document.set("paths", paths);
        ObjectNode components = document.putObject("components");
        components.set("schemas", schemas);
        components
                .putObject("securitySchemes")
                .putObject("key")
                .put("type", "http")
                .put("scheme", "bearer")
                .put("description", "Needed only where API keys are set.");
        return document;
    }

    private void generation(String path, String id, String summary, Shape request, Shape answer) {
        ObjectNode operation = operation(path, "post", id, summary, true, WORK);
        sessionHeader(operation);
        parameter(
                operation,
                "header",
                IdempotencyKey.HEADER,
                new Shape.Pattern(IdempotencyKey.REGEX, "1 to 255 printable ASCII characters"),
                "A name for this request: sent again, to any gateway, it is given the same answer.");
        body(operation, request);
        ok(operation, JSON_TYPE, answer);
        ObjectNode ok = (ObjectNode) operation.get("responses").get("200");
        ((ObjectNode) ok.get("content"))
                .putObject("text/event-stream")
                .putObject("schema")
                .put("type", "string");
        ObjectNode headers = ok.putObject("headers");
        header(headers, "X-Session-Id", "Send it with the next turn.");
        header(headers, "X-Seed", "The seed that was used.");
    }

    private void question(String path, String id, String summary, Shape request, Shape answer) {
        ObjectNode operation = operation(path, "post", id, summary, true, QUESTION);
        body(operation, request);
        ok(operation, JSON_TYPE, answer);
    }

    private void resume() {
        ObjectNode operation = get(
                "/v1/streams/{stream}",
                "resumeStream",
                "Goes on with a stream behind the event named by Last-Event-ID, or from its first.",
                true,
                List.of(400, 401, 404, 429, 500, 503));
        parameter(operation, "path", "stream", Shape.text(), "The stream: an event's id without its number.");
        parameter(operation, "header", "Last-Event-ID", Shape.text(), "The id of the last event that was received.");
        ok(operation, "text/event-stream", Shape.text());
    }

    private void sessions() {
        String path = "/v1/sessions/{session}";
        List<Integer> errors = List.of(400, 401, 404, 500, 503);
        ObjectNode show = get(path, "getSession", "A conversation: the caller's turns in it.", true, errors);
        parameter(show, "path", "session", RequestFields.SESSION, "The conversation, as X-Session-Id has it.");
        ok(show, JSON_TYPE, AnswerFields.SESSION);
        ObjectNode delete = operation(
                path, "delete", "deleteSession", "Ends the caller's turns and removes them everywhere.", true, errors);
        parameter(delete, "path", "session", RequestFields.SESSION, "The conversation, as X-Session-Id has it.");
        ((ObjectNode) delete.get("responses")).putObject("204").put("description", "Nothing of it is left.");
    }

    private ObjectNode get(String path, String id, String summary, boolean key, List<Integer> errors) {
        return operation(path, "get", id, summary, key, errors);
    }

    private ObjectNode operation(
            String path, String method, String id, String summary, boolean key, List<Integer> errors) {
        ObjectNode operation = paths.withObject("/" + path.replace("~", "~0").replace("/", "~1"))
                .putObject(method)
                .put("operationId", id)
                .put("summary", summary);
        if (key) {
            var security = operation.putArray("security");
            security.addObject().putArray("key");
            security.addObject();
        }
        ObjectNode responses = operation.putObject("responses");
        for (int status : errors) {
            ObjectNode response = responses
                    .putObject(Integer.toString(status))
                    .put(
                            "description",
                            Optional.ofNullable(MEANINGS.get(status)).orElseThrow());
            response.putObject("content").putObject(JSON_TYPE).set("schema", schemas.write(AnswerFields.ERROR));
            if (status == 429 || status == 503) {
                header(response.putObject("headers"), "Retry-After", "Seconds to wait.");
            }
        }
        return operation;
    }

    private void body(ObjectNode operation, Shape request) {
        ObjectNode body = operation.putObject("requestBody").put("required", true);
        body.putObject("content").putObject(JSON_TYPE).set("schema", schemas.write(request));
    }

    private void ok(ObjectNode operation, String type, Shape answer) {
        ObjectNode ok =
                ((ObjectNode) operation.get("responses")).putObject("200").put("description", "Done.");
        ok.putObject("content").putObject(type).set("schema", schemas.write(answer));
    }

    private void sessionHeader(ObjectNode operation) {
        parameter(
                operation,
                "header",
                "X-Session-Id",
                RequestFields.SESSION,
                "The conversation, so that it meets its cache again. Without it the leading messages name it.");
    }

    private void parameter(ObjectNode operation, String in, String name, Shape shape, String about) {
        operation
                .withArray("parameters")
                .addObject()
                .put("name", name)
                .put("in", in)
                .put("required", in.equals("path"))
                .put("description", about)
                .set("schema", schemas.write(shape));
    }

    private static void header(ObjectNode headers, String name, String about) {
        headers.putObject(name).put("description", about).putObject("schema").put("type", "string");
    }
}
