package belle.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What a bundle that is to be served is told by. */
final class ModelChangeOptions {
    @Mixin
    private ManagementClient management;

    @Parameters(
            paramLabel = "BUNDLE",
            description = "The bundle's folder, under the same path on the machine of every node.")
    private Path bundle;

    @Option(
            names = "--name",
            paramLabel = "NAME",
            description = "The name that requests use; the bundle's own if not given.")
    private @Nullable String name;

    /** Has it loaded or swapped and prints what was done. */
    void change(String change, PrintWriter out) throws IOException, InterruptedException {
        long start = System.nanoTime();
        Map<String, String> wish = new HashMap<>();
        wish.put("directory", bundle.toAbsolutePath().normalize().toString());
        if (name != null) {
            wish.put("name", name);
        }
        print(out, management.changeModels(change, wish), "is served", start);
    }

    static void print(PrintWriter out, JsonNode done, String what, long startNanos) {
        out.printf(
                Locale.ROOT,
                "%s (bundle %.12s) %s by %d %s after %.1f s%n",
                done.get("name").asText(),
                done.get("bundle").asText(),
                what,
                done.get("members").size(),
                done.get("members").size() == 1 ? "node" : "nodes",
                (System.nanoTime() - startNanos) / 1e9);
    }
}
