package belle.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code belle model}: changes what a running cluster serves, through the management endpoint of one of its members. */
@Command(
        name = "model",
        description = "Has the nodes of a running cluster load, swap or unload a model; streams go on meanwhile.")
final class ModelCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    /** A bundle that is to be served. */
    static final class Served {
        @Parameters(
                paramLabel = "BUNDLE",
                description = "The bundle's folder, under the same path on the machine of every node.")
        private Path bundle;

        @Option(
                names = "--name",
                paramLabel = "NAME",
                description = "The name that requests use; the bundle's own if not given.")
        private @Nullable String name;

        private Map<String, String> wish() {
            Map<String, String> wish = new HashMap<>();
            wish.put("directory", bundle.toAbsolutePath().normalize().toString());
            if (name != null) {
                wish.put("name", name);
            }
            return wish;
        }
    }

    @Command(name = "load", description = "Serves a bundle under a name that is not served yet.")
    int load(@Mixin ManagementClient management, @Mixin Served served) throws IOException, InterruptedException {
        return change(management, "load", served.wish(), "is served");
    }

    @Command(
            name = "swap",
            description = "Serves a bundle in place of the one that has its name; "
                    + "streams that have begun end with the bundle that they began with.")
    int swap(@Mixin ManagementClient management, @Mixin Served served) throws IOException, InterruptedException {
        return change(management, "swap", served.wish(), "is served");
    }

    @Command(
            name = "unload",
            description = "Serves a name no more; streams that have begun go on, then its memory is given back.")
    int unload(
            @Mixin ManagementClient management,
            @Parameters(paramLabel = "NAME", description = "The name that requests use.") String name)
            throws IOException, InterruptedException {
        return change(management, "unload", Map.of("name", name), "is not served any more");
    }

    private int change(ManagementClient management, String change, Map<String, String> wish, String what)
            throws IOException, InterruptedException {
        long start = System.nanoTime();
        JsonNode done = management.changeModels(change, wish);
        int nodes = done.get("members").size();
        spec.commandLine()
                .getOut()
                .printf(
                        Locale.ROOT,
                        "%s (bundle %.12s) %s by %d %s after %.1f s%n",
                        done.get("name").asText(),
                        done.get("bundle").asText(),
                        what,
                        nodes,
                        nodes == 1 ? "node" : "nodes",
                        (System.nanoTime() - start) / 1e9);
        return 0;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing: load, swap or unload");
    }
}
