package belle.gateway.http;

import belle.gateway.work.Admission.Access;
import belle.proto.Check;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpMethods;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.util.ByteString;

/** The chat page's files, read once from the class path. */
final class PageFiles {
    private record PageFile(String path, String resource, String type) {}

    private static final String FOLDER = "/belle/gateway/page/";
    private static final List<PageFile> FILES = List.of(
            new PageFile("/", "index.html", "text/html; charset=UTF-8"),
            new PageFile("/page/style.css", "style.css", "text/css; charset=UTF-8"),
            new PageFile("/page/app.js", "app.js", "application/javascript; charset=UTF-8"),
            new PageFile("/page/chat.js", "chat.js", "application/javascript; charset=UTF-8"),
            new PageFile("/page/markdown.js", "markdown.js", "application/javascript; charset=UTF-8"),
            new PageFile("/page/words.js", "words.js", "application/javascript; charset=UTF-8"),
            new PageFile("/page/icon.svg", "icon.svg", "image/svg+xml"));

    /** Everything from here, nothing inline, nothing framed: a model's text can never become code. */
    private static final String CONTENT_SECURITY_POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
                    + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private PageFiles() {}

    /** Returns one endpoint per file. */
    static List<Endpoint> endpoints() {
        return FILES.stream().map(PageFiles::endpoint).toList();
    }

    private static Endpoint endpoint(PageFile file) {
        byte[] content = read(file.resource());
        String tag = "\"" + Integer.toHexString(Arrays.hashCode(content)) + "-" + content.length + "\"";
        HttpResponse response = HttpResponse.create()
                .withEntity(ContentTypes.parse(file.type()), ByteString.fromArrayUnsafe(content))
                .addHeader(RawHeader.create("Content-Security-Policy", CONTENT_SECURITY_POLICY))
                .addHeader(RawHeader.create("Referrer-Policy", "no-referrer"))
                .addHeader(RawHeader.create("Cache-Control", "no-cache"))
                .addHeader(RawHeader.create("ETag", tag));
        HttpResponse unchanged = HttpResponse.create().withStatus(304).addHeader(RawHeader.create("ETag", tag));
        return new Endpoint(
                HttpMethods.GET,
                file.path(),
                Access.OPEN,
                call -> CompletableFuture.completedFuture(has(call.request(), tag) ? unchanged : response));
    }

    private static boolean has(HttpRequest request, String tag) {
        return request.getHeader("If-None-Match")
                .map(HttpHeader::value)
                .filter(tag::equals)
                .isPresent();
    }

    private static byte[] read(String resource) {
        try (InputStream stream = PageFiles.class.getResourceAsStream(FOLDER + resource)) {
            Check.that(stream != null, "%s is missing on the class path", resource);
            return Objects.requireNonNull(stream).readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
