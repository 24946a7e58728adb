package belle.cli;

import belle.proto.Check;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine.IVersionProvider;

/** The version that Maven wrote into the jar. */
final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() throws IOException {
        return new String[] {"belle " + text()};
    }

    static String text() throws IOException {
        try (var file = Version.class.getResourceAsStream("version.txt")) {
            Check.that(file != null, "version.txt is not in the jar");
            return new String(file.readAllBytes(), StandardCharsets.UTF_8).strip();
        }
    }
}
