package belle.gateway.stream;

import belle.proto.Failure;
import belle.proto.session.StreamEvent;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/** What became of a wish to read a stream. */
public sealed interface OpenStream {
    /**
     * The session took it. Each event is acknowledged to the session when the source's reader pulls it; a source that is
     * cancelled cancels the stream. Run it once, soon.
     *
     * @param discard cancels a stream whose source will not be run
     * @param ended completes when the client has taken everything, or has gone
     */
    record Begun(
            StreamEvent.Accepted accepted,
            Source<StreamEvent.Indexed, NotUsed> events,
            Runnable discard,
            CompletionStage<Done> ended)
            implements OpenStream {}

    /** Nothing was begun. */
    record NotBegun(Failure failure) implements OpenStream {}
}
