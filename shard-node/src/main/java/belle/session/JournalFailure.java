package belle.session;

import belle.proto.Failure;
import belle.proto.FailureException;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;

/** What a stage of {@link SessionJournal} failed with. */
final class JournalFailure {
    private JournalFailure() {}

    /** Returns whether a stage failed; this one never does. */
    static CompletionStage<Optional<Failure>> maybe(CompletionStage<Done> stage) {
        return stage.thenApply(_ -> Optional.<Failure>empty()).exceptionally(thrown -> Optional.of(of(thrown)));
    }

    static Failure of(Throwable thrown) {
        Throwable cause =
                thrown instanceof CompletionException && thrown.getCause() != null ? thrown.getCause() : thrown;
        return cause instanceof FailureException failed
                ? failed.failure()
                : new Failure.Internal("the journal of sessions failed: " + cause);
    }
}
