package belle.gateway.work;

import belle.gateway.api.Errors;
import belle.gateway.api.RefusedException;
import belle.proto.Failure;
import belle.proto.FailureException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds the answer to whatever was thrown. */
public final class Faults {
    private static final Logger LOG = LoggerFactory.getLogger(Faults.class);

    private Faults() {}

    /** Returns the answer; a surprise is logged, and the client learns no more than that. */
    public static Errors.Answer answer(Throwable thrown) {
        return switch (cause(thrown)) {
            case FailureException failed -> Errors.of(failed.failure());
            case RefusedException refused -> refused.answer();
            case CancellationException _ -> Errors.of(new Failure.Unavailable("the client has gone"));
            case Throwable surprise -> {
                LOG.error("a request failed", surprise);
                yield Errors.of(new Failure.Internal("the server failed; its log says more"));
            }
        };
    }

    /** Returns what a stage failed with, without the wrapping that stages put around it. */
    public static Throwable cause(Throwable thrown) {
        return thrown instanceof CompletionException && thrown.getCause() != null ? thrown.getCause() : thrown;
    }
}
