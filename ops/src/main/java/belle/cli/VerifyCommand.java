package belle.cli;

import belle.export.bundle.Verifier;
import belle.proto.bundle.Manifest.FileEntry;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code belle verify}: checks every hash and shape of a bundle, and computes one token. */
@Command(name = "verify", description = "Checks every hash and shape of a bundle.")
final class VerifyCommand implements Callable<Integer> {
    @Parameters(paramLabel = "BUNDLE", description = "A bundle's folder.")
    private Path bundle;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        var manifest = Verifier.verify(bundle).manifest();
        long bytes =
                manifest.files().values().stream().mapToLong(FileEntry::bytes).sum();
        spec.commandLine()
                .getOut()
                .println(bundle + ": sound; " + (manifest.files().size() + 1) + " files, "
                        + manifest.tensors().size() + " tensors, " + Output.bytes(bytes));
        return 0;
    }
}
