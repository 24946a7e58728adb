package belle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The end of a server that is a cluster alone. */
class LastNodeTest {
    private static final int SESSIONS = 12;
    private static final String CHAT =
            "{\"model\":\"belle-tiny\",\"max_tokens\":2,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

    /** A finished answer is kept for whoever may ask for it again; nobody can take it over here. */
    @Test
    void itsEndDoesNotWaitForAnotherNodeToTakeItsSessions(@TempDir Path folder) throws Exception {
        try (var server = RunningBelle.start(folder);
                var client = HttpClient.newHttpClient()) {
            var request = HttpRequest.newBuilder(server.url().resolve("/v1/chat/completions"))
                    .header("Content-Type", "application/json")
                    .POST(BodyPublishers.ofString(CHAT))
                    .build();
            for (int session = 0; session < SESSIONS; session++) {
                assertThat(client.send(request, BodyHandlers.ofString()).statusCode())
                        .isEqualTo(200);
            }
            server.terminate();
            server.awaitEnd();
        }
        assertThat(Files.readString(folder.resolve("server.log"))).doesNotContain("shard region timed out");
    }
}
