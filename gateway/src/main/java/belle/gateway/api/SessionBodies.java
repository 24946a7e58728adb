package belle.gateway.api;

import belle.proto.session.TurnView;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Conversations as JSON. */
public final class SessionBodies {
    private static final long MILLIS = 1000;

    private SessionBodies() {}

    /** Returns the answer that shows a session. */
    public static ObjectNode session(String id, List<TurnView> turns) {
        ObjectNode body = JsonNodeFactory.instance.objectNode().put("id", id).put("object", "session");
        var list = body.putArray("turns");
        for (TurnView turn : turns) {
            ObjectNode shown = list.addObject()
                    .put("stream", turn.stream())
                    .put("model", turn.model())
                    .put("state", turn.state().name().toLowerCase(Locale.ROOT))
                    .put("created", turn.begunMillis() / MILLIS);
            Optional<Long> ended = turn.endedMillis().map(millis -> millis / MILLIS);
            ended.ifPresentOrElse(seconds -> shown.put("ended", seconds), () -> shown.putNull("ended"));
            var answers = shown.putArray("answers");
            turn.answers().forEach(answers::add);
        }
        return body;
    }
}
