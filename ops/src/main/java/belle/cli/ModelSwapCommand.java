package belle.cli;

import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code belle model swap}. */
@Command(
        name = "swap",
        description =
                "Serves a bundle in place of the one that has its name; streams that have begun end with the bundle that they began with.")
final class ModelSwapCommand implements Callable<Integer> {
    @Mixin
    private ModelChangeOptions options;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException {
        options.change("swap", spec.commandLine().getOut());
        return 0;
    }
}
