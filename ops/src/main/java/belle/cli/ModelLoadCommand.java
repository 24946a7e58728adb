package belle.cli;

import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code belle model load}. */
@Command(name = "load", description = "Serves a bundle under a name that is not served yet.")
final class ModelLoadCommand implements Callable<Integer> {
    @Mixin
    private ModelChangeOptions options;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException {
        options.change("load", spec.commandLine().getOut());
        return 0;
    }
}
