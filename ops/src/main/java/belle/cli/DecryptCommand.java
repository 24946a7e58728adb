package belle.cli;

import belle.export.delta.EncryptedFile;
import belle.proto.Failure;
import belle.proto.FailureException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code belle decrypt}: a file of BELLE's LLaMA models and the original weights become the plain file. */
@Command(name = "decrypt", description = "Decrypts a file of BELLE's LLaMA models.")
final class DecryptCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "FILE.enc", description = "The published file, NAME.<sha256>.enc.")
    private Path file;

    @Parameters(index = "1", paramLabel = "KEY", description = "consolidated.00.pth of the original LLaMA weights.")
    private Path key;

    @Option(names = "--out", paramLabel = "DIR", required = true, description = "The folder for the plain file.")
    private Path out;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        EncryptedFile encrypted = EncryptedFile.of(file)
                .orElseThrow(() -> new FailureException(new Failure.Invalid(
                        "FILE.enc", file + " is not named as such a file is: NAME.<64 hexadecimal digits>.enc")));
        Path plain;
        try (var bar = ProgressBar.onStandardError(spec.commandLine().getErr())) {
            plain = encrypted.decrypt(key, out, bar);
        }
        spec.commandLine().getOut().println(plain + ": its SHA-256 is the announced one");
        return 0;
    }
}
