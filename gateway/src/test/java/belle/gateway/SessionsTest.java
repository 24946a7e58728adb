package belle.gateway;

import static belle.gateway.Fixture.json;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.Test;

/** Conversations that are shown and deleted, by those whose they are. */
class SessionsTest {
    private static final String KEYS = """
            belle.gateway.tenants.keys = [{ tenant = owner, key = a }, { tenant = other, key = b }]
            """;

    @Test
    void onlyTheTenantOfAConversationFindsIt() {
        try (Fixture gateway = Fixture.with(KEYS)) {
            assertThat(json(call(gateway, "GET", "s.1", "a"))).isEqualTo(json("""
                            {"id": "s.1", "object": "session", "turns": [
                              {"stream": "s.1~1", "model": "fake", "state": "open", "created": 5, "ended": null, "answers": []},
                              {"stream": "s.1~2", "model": "fake", "state": "finished", "created": 7, "ended": 8,
                               "answers": ["A", "B"]}]}"""));
            assertThat(call(gateway, "GET", "s.1", "b").statusCode()).isEqualTo(404);
            assertThat(call(gateway, "DELETE", "s.1", "b").statusCode()).isEqualTo(404);
            assertThat(call(gateway, "GET", "s.1", "unknown").statusCode()).isEqualTo(401);
            assertThat(call(gateway, "GET", "no/session", "a").statusCode()).isEqualTo(404);
            HttpResponse<String> deleted = call(gateway, "DELETE", "s.1", "a");
            assertThat(deleted.statusCode()).isEqualTo(204);
            assertThat(deleted.body()).isEmpty();
        }
    }

    private static HttpResponse<String> call(Fixture gateway, String method, String session, String key) {
        return gateway.send(gateway.request("/v1/sessions/" + session)
                .header("Authorization", "Bearer " + key)
                .method(method, HttpRequest.BodyPublishers.noBody())
                .build());
    }
}
