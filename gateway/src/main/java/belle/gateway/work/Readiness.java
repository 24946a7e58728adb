package belle.gateway.work;

import belle.gateway.stream.ModelDirectory;
import belle.proto.Failure;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Whether the gateway takes work.
 *
 * @param draining it is about to stop
 */
public record Readiness(ModelDirectory directory, BooleanSupplier draining) {
    /** Returns why the gateway should not be sent anything now, or empty. */
    public Optional<Failure> problem() {
        if (draining.getAsBoolean()) {
            return Optional.of(new Failure.Unavailable("the server is draining"));
        }
        return directory.ready()
                ? Optional.empty()
                : Optional.of(new Failure.Unavailable("no node serves a model yet"));
    }
}
