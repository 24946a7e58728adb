package belle.faults.simulation;

import belle.proto.session.SessionCommand;
import belle.proto.session.StreamEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * What processes hear of each other. A message takes its time; on one way messages keep their order, which is all that
 * Pekko promises. What is said on a way that is cut, or by or to the dead, is lost.
 *
 * <p>An actor of another process is known by a stand-in beside whoever knows it. The stand-in ends when the news of the
 * actor's end arrives, or when its whole process is given up; so death is watched as over a real network.
 */
final class Network {
    private static final int SELDOM = 15;

    /** The way of messages that keep their order: from a process to one actor, or to one session by its name. */
    private record Way(Host from, Object to) {}

    private record Link(Host from, Host to) {}

    private record Home(Host host, ActorRef<Object> actor) {}

    private record Known(Host by, ActorRef<?> actor) {}

    /** Tells a stand-in that there is nobody any more. */
    private record Gone() {}

    private final SimulatedTime time;
    private final Map<Way, Long> lastArrivals = new HashMap<>();
    private final Set<Link> cut = new HashSet<>();
    private final Map<ActorRef<?>, Home> homes = new HashMap<>();
    private final Map<Known, ActorRef<Object>> standIns = new LinkedHashMap<>();
    private final Set<ActorRef<?>> watched = new HashSet<>();

    Network(SimulatedTime time) {
        this.time = time;
    }

    /** Cuts or mends the way between two processes. */
    void cut(Host one, Host other, boolean cuts) {
        for (Link link : List.of(new Link(one, other), new Link(other, one))) {
            if (cuts) {
                cut.add(link);
            } else {
                cut.remove(link);
            }
        }
    }

    void mendAll() {
        cut.clear();
    }

    /** Has something happen in another process, behind what was sent before on the same way. */
    void send(Host from, Host to, Object way, Runnable arrival) {
        if (lost(from, to)) {
            return;
        }
        long delay = time.between(50, time.oneIn(SELDOM) ? 500 * SimulatedTime.MILLIS : 5 * SimulatedTime.MILLIS);
        Way ordered = new Way(from, way);
        long at = Math.max(time.nowMicros() + delay, lastArrivals.getOrDefault(ordered, 0L) + 1);
        lastArrivals.put(ordered, at);
        time.in(at - time.nowMicros(), () -> {
            if (!lost(from, to)) {
                arrival.run();
            }
        });
    }

    private boolean lost(Host from, Host to) {
        return from.dead() || to.dead() || cut.contains(new Link(from, to));
    }

    /** Returns the command as it is read in another process. */
    SessionCommand translated(SessionCommand command, Host from, Host to) {
        return switch (command) {
            case SessionCommand.Generate generate ->
                generate.answeredTo(standIn(generate.replyTo(), from, to), generate.asked(), generate.reading());
            case SessionCommand.Continue goingOn -> translated(goingOn, from, to);
            case SessionCommand.Prepare(var goingOn) -> new SessionCommand.Prepare(translated(goingOn, from, to));
            case SessionCommand.Keep(var goingOn) -> new SessionCommand.Keep(translated(goingOn, from, to));
            case SessionCommand.Resume(var stream, var after, var asked, var reading, var reader) ->
                new SessionCommand.Resume(stream, after, asked, reading, standIn(reader, from, to));
            case SessionCommand.Whereabouts(var stream, var session) ->
                new SessionCommand.Whereabouts(stream, standIn(session, from, to));
            case SessionCommand.Acknowledge _, SessionCommand.Cancel _, SessionCommand.OfWhole _ -> command;
        };
    }

    private SessionCommand.Continue translated(SessionCommand.Continue goingOn, Host from, Host to) {
        SessionCommand.Generate request = goingOn.request();
        return new SessionCommand.Continue(
                request.answeredTo(standIn(request.replyTo(), from, to), request.asked(), request.reading()),
                goingOn.progress());
    }

    private Object translated(Object message, Host from, Host to) {
        return switch (message) {
            case SessionCommand command -> translated(command, from, to);
            case StreamEvent.Accepted(
                    var stream,
                    var epoch,
                    var model,
                    var prompt,
                    var session,
                    var origin,
                    var reading,
                    var begun,
                    var bundle) -> {
                Optional<SessionCommand.Continue> there = origin.map(goingOn -> translated(goingOn, from, to));
                yield new StreamEvent.Accepted(
                        stream, epoch, model, prompt, standIn(session, from, to), there, reading, begun, bundle);
            }
            default -> message;
        };
    }

    /** Returns how an actor that {@code from} knows is known to {@code to}. */
    private <T> ActorRef<T> standIn(ActorRef<T> actor, Host from, Host to) {
        Home home = homes.getOrDefault(actor, new Home(from, actor.unsafeUpcast()));
        if (home.host().equals(to)) {
            return home.actor().narrow();
        }
        Known known = new Known(to, home.actor());
        ActorRef<Object> standIn = standIns.get(known);
        if (standIn == null) {
            standIn = to.spawn(passingOn(to, home), "remote");
            standIns.put(known, standIn);
            homes.put(standIn, home);
            if (home.host().dead()) {
                standIn.tell(new Gone());
            } else if (watched.add(home.actor())) {
                home.host().whenEnded(home.actor(), () -> ended(home));
            }
        }
        return standIn.narrow();
    }

    private Behavior<Object> passingOn(Host here, Home home) {
        return Behaviors.receive(Object.class)
                .onMessage(Gone.class, _ -> Behaviors.stopped())
                .onAnyMessage(message -> {
                    send(
                            here,
                            home.host(),
                            home.actor(),
                            () -> home.actor().tell(translated(message, here, home.host())));
                    return Behaviors.same();
                })
                .build();
    }

    private void ended(Home home) {
        for (var entry : List.copyOf(standIns.entrySet())) {
            if (entry.getKey().actor().equals(home.actor())) {
                send(
                        home.host(),
                        entry.getKey().by(),
                        entry.getKey().actor(),
                        () -> entry.getValue().tell(new Gone()));
            }
        }
    }

    /** {@code by} takes all actors of {@code lost} for dead. */
    void giveUp(Host by, Host lost) {
        for (var entry : List.copyOf(standIns.entrySet())) {
            Home home = homes.get(entry.getValue());
            if (entry.getKey().by().equals(by) && home != null && home.host().equals(lost)) {
                entry.getValue().tell(new Gone());
            }
        }
    }

    /** Forgets everything; to be called when nothing is under way. Returns how many stand-ins there were. */
    int end() {
        List<ActorRef<Object>> all = new ArrayList<>(standIns.values());
        all.forEach(standIn -> standIn.tell(new Gone()));
        standIns.clear();
        homes.clear();
        watched.clear();
        cut.clear();
        lastArrivals.clear();
        return all.size();
    }
}
