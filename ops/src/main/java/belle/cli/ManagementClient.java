package belle.cli;

import belle.proto.Failure;
import belle.proto.FailureException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;
import picocli.CommandLine.Option;

/** The way to the management endpoint of a member. */
final class ManagementClient {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final Duration CHANGE_LIMIT = Duration.ofMinutes(31);

    @Option(
            names = "--url",
            defaultValue = "http://127.0.0.1:8558",
            description = "Management endpoint of any member (${DEFAULT-VALUE}).")
    private URI url;

    /** Returns the cluster as the member sees it, as in {@link belle.cluster.ClusterStatus}. */
    JsonNode status() throws IOException, InterruptedException {
        return json(send(HttpRequest.newBuilder(url.resolve("/belle/status"))));
    }

    /** Has {@code member} drain and leave. */
    void drain(String member) throws IOException, InterruptedException {
        if (!member.matches("[A-Za-z0-9.\\-]+:\\d{1,5}")) {
            throw new FailureException(
                    new Failure.Invalid("node", "a member is named HOST:PORT, as 'belle cluster status' shows it"));
        }
        var answer = send(HttpRequest.newBuilder(url.resolve("/belle/members/" + member + "/drain"))
                .header("X-Belle", "drain")
                .POST(BodyPublishers.noBody()));
        if (answer.statusCode() != 202) {
            throw new FailureException(
                    new Failure.NotFound(json(answer).path("error").asText("the member cannot be drained")));
        }
    }

    /**
     * Has the nodes change what they serve, and waits until they have.
     *
     * @param change load, swap or unload
     */
    JsonNode changeModels(String change, Map<String, String> wish) throws IOException, InterruptedException {
        var answer = send(
                HttpRequest.newBuilder(url.resolve("/belle/models/" + change))
                        .header("X-Belle", change)
                        .POST(BodyPublishers.ofString(new ObjectMapper().writeValueAsString(wish))),
                CHANGE_LIMIT);
        JsonNode told = json(answer);
        if (answer.statusCode() != 200) {
            throw new FailureException(
                    new Failure.Unavailable(told.path("error").asText("the models cannot be changed")));
        }
        return told;
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws InterruptedException {
        return send(request, LIMIT);
    }

    private HttpResponse<String> send(HttpRequest.Builder request, Duration limit) throws InterruptedException {
        try (var http = HttpClient.newHttpClient()) {
            return http.send(request.timeout(limit).build(), BodyHandlers.ofString());
        } catch (IOException e) {
            throw new FailureException(
                    new Failure.Unavailable("no management endpoint answers at " + url
                            + "; name the one that a gateway or node printed with --url"),
                    e);
        }
    }

    private JsonNode json(HttpResponse<String> answer) throws IOException {
        if (answer.statusCode() == 404 && !answer.body().startsWith("{")) {
            throw new FailureException(new Failure.NotFound(url + " is no management endpoint of belle"));
        }
        return new ObjectMapper().readTree(answer.body());
    }
}
