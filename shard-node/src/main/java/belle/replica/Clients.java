package belle.replica;

import belle.engine.Engine;
import belle.engine.GenerationRequest;
import belle.engine.Output;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * The sessions that wait for a batch loop's outputs.
 *
 * <p>The engine knows a stream under its {@link #name}, in which its epoch stands, so that a stream that is submitted again
 * is never mixed up with its earlier attempt, whose last step may still be running.
 */
final class Clients {
    private final ReplicaMetrics metrics;
    private final Map<String, Client> clients = new LinkedHashMap<>();
    private final Isolation isolation;

    Clients(ReplicaMetrics metrics, Engine engine) {
        this.metrics = metrics;
        isolation = new Isolation(engine, clients.keySet());
    }

    /** The engine's name of an attempt at a stream. */
    static String name(String stream, long epoch) {
        return stream + "#" + epoch;
    }

    /** Returns the request under the engine's name of it. */
    static GenerationRequest named(String name, GenerationRequest request) {
        return request.named(name);
    }

    /** Answers that the stream is admitted, and delivers its outputs from now on. */
    void add(String name, BatchActor.Submit submit) {
        String stream = submit.request().stream();
        clients.put(
                name,
                new Client(
                        stream,
                        submit.epoch(),
                        submit.replyTo(),
                        metrics.newStream(submit.request().prompt().size())));
        isolation.add(name, submit.suspect());
        submit.replyTo().tell(new BatchActor.Admitted(stream, submit.epoch()));
    }

    void remove(String name) {
        clients.remove(name);
        isolation.remove(name);
    }

    /** Its reader is slow. */
    void pause(String name) {
        isolation.pause(name);
    }

    /** Its reader has room again. */
    void resume(String name) {
        isolation.resume(name);
    }

    List<String> names() {
        return List.copyOf(clients.keySet());
    }

    int size() {
        return clients.size();
    }

    /** Sends a step's outputs, one message per stream; streams that ended are forgotten. */
    void deliver(List<Output> outputs) {
        Map<String, List<Output>> byName = new LinkedHashMap<>();
        for (Output output : outputs) {
            byName.computeIfAbsent(output.stream(), _ -> new ArrayList<>()).add(output);
        }
        byName.forEach(this::deliver);
    }

    private void deliver(String name, List<Output> outputs) {
        Client client = clients.get(name);
        if (client == null) {
            return;
        }
        client.timing.produced(outputs);
        isolation.gotOn(name);
        client.replyTo.tell(new BatchActor.Produced(client.stream, client.epoch, List.copyOf(outputs)));
        switch (outputs.getLast()) {
            case Output.Done _, Output.Failed _ -> remove(name);
            case Output.Token _, Output.PromptScored _, Output.Finished _ -> {}
        }
    }

    /** Tells every session that its stream is lost, and whether it is a suspect; the loop ends. */
    void loseAll(Predicate<String> suspects) {
        clients.forEach((name, client) -> client.lose(suspects.test(name)));
        clients.clear();
    }

    /** Tells a session that its stream is lost and a suspect, if it is one of these. */
    void lose(String name) {
        Client client = clients.get(name);
        if (client != null) {
            remove(name);
            client.lose(true);
        }
    }

    private record Client(
            String stream, long epoch, ActorRef<BatchActor.Event> replyTo, ReplicaMetrics.StreamTiming timing) {
        void lose(boolean suspected) {
            replyTo.tell(new BatchActor.Lost(stream, epoch, suspected));
        }
    }
}
