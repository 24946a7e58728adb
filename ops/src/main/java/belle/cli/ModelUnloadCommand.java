package belle.cli;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code belle model unload}. */
@Command(
        name = "unload",
        description = "Serves a name no more; streams that have begun go on, then its memory is given back.")
final class ModelUnloadCommand implements Callable<Integer> {
    @Mixin
    private ManagementClient management;

    @Parameters(paramLabel = "NAME", description = "The name that requests use.")
    private String name;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException {
        long start = System.nanoTime();
        var done = management.changeModels("unload", Map.of("name", name));
        ModelChangeOptions.print(spec.commandLine().getOut(), done, "is not served any more", start);
        return 0;
    }
}
