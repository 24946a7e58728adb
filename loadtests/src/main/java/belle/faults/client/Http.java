package belle.faults.client;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;

/** One request on a connection of its own, which fails when nothing comes for a while. */
final class Http implements AutoCloseable {
    static {
        // A request that is silently sent twice, or on a connection that is dead already, would be no honest witness.
        System.setProperty("sun.net.http.retryPost", "false");
        System.setProperty("http.keepAlive", "false");
    }

    private final HttpURLConnection connection;

    private Http(HttpURLConnection connection) {
        this.connection = connection;
    }

    /** Posts {@code body}, or gets when there is none. */
    static Http send(URI url, Map<String, String> headers, String body, Duration silence) throws IOException {
        var connection = (HttpURLConnection) url.toURL().openConnection();
        connection.setConnectTimeout((int) silence.toMillis());
        connection.setReadTimeout((int) silence.toMillis());
        headers.forEach(connection::setRequestProperty);
        if (!body.isEmpty()) {
            connection.setRequestMethod("POST");
            connection.setRequestProperty("Content-Type", "application/json");
            connection.setDoOutput(true);
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            connection.setFixedLengthStreamingMode(bytes.length);
            connection.getOutputStream().write(bytes);
        }
        return new Http(connection);
    }

    int status() throws IOException {
        return connection.getResponseCode();
    }

    /** The body, of an error as well, which may have none. */
    InputStream body() throws IOException {
        if (status() < 400) {
            return connection.getInputStream();
        }
        InputStream error = connection.getErrorStream();
        return error == null ? InputStream.nullInputStream() : error;
    }

    String text() throws IOException {
        try (InputStream body = body()) {
            return new String(body.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Override
    public void close() {
        connection.disconnect();
    }
}
