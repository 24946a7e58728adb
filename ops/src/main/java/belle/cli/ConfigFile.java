package belle.cli;

import belle.proto.Failure;
import belle.proto.FailureException;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The settings of {@code --config FILE}. */
final class ConfigFile {
    private ConfigFile() {}

    /** Returns the file's settings before application.conf's. */
    static Config over(@Nullable Path file) {
        Config own = ConfigFactory.defaultApplication();
        if (file == null) {
            return own;
        }
        if (!Files.isReadable(file)) {
            throw new FailureException(new Failure.Invalid("config", file + ": no such file, or it cannot be read"));
        }
        try {
            return ConfigFactory.parseFile(file.toFile()).withFallback(own);
        } catch (ConfigException e) {
            throw new FailureException(new Failure.Invalid("config", String.valueOf(e.getMessage())), e);
        }
    }
}
