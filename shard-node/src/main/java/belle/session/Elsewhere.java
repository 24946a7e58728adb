package belle.session;

import belle.proto.session.SessionCommand;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;

/** Streams that this session still computes at the place that it has left: whoever comes back to one is sent there. */
final class Elsewhere {
    private final Map<String, ActorRef<SessionCommand>> places = new LinkedHashMap<>();
    private final int limit;

    /** @param limit most streams; more are not found until their readers have moved */
    Elsewhere(int limit) {
        this.limit = limit;
    }

    boolean has(String stream) {
        return places.containsKey(stream);
    }

    /** Passes a command on to where its stream is. */
    void tell(SessionCommand command) {
        ActorRef<SessionCommand> place = places.get(command.stream());
        if (place != null) {
            place.tell(command);
        }
    }

    /** Notes where a stream is; returns false where there is no room. */
    boolean add(String stream, ActorRef<SessionCommand> session) {
        boolean room = places.size() < limit;
        if (room) {
            places.put(stream, session);
        }
        return room;
    }

    /** A session has ended that may have had some of them. */
    void gone(ActorRef<?> session) {
        places.values().removeIf(session::equals);
    }
}
