package belle.replica;

import belle.engine.Engine;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;

/**
 * Which of a batch loop's streams are computed: all but those whose readers are slow. While one is suspected of having failed the steps
 * that it was in, it is computed alone until it has got on, so that what crashes a step takes no other stream along. Alone or among others:
 * its tokens are the same.
 */
final class Isolation {
    private final Engine engine;
    private final Set<String> streams;

    /** Those whose readers are slow. */
    private final Set<String> paused = new HashSet<>();

    private final Set<String> suspects = new LinkedHashSet<>();
    private Optional<String> alone = Optional.empty();

    /** Of {@code streams} as they are at any time, by the engine's names. */
    Isolation(Engine engine, Set<String> streams) {
        this.engine = engine;
        this.streams = streams;
    }

    /** A stream has come. */
    void add(String name, boolean suspect) {
        if (suspect) {
            suspects.add(name);
        }
        apply(name);
    }

    void pause(String name) {
        if (streams.contains(name)) {
            paused.add(name);
            apply(name);
        }
    }

    void resume(String name) {
        paused.remove(name);
        apply(name);
    }

    /** It has computed something: it is none of those that fail each time. */
    void gotOn(String name) {
        if (suspects.remove(name)) {
            apply(name);
        }
    }

    /** A stream has gone. */
    void remove(String name) {
        paused.remove(name);
        gotOn(name);
    }

    /** Tells the engine what has changed. */
    private void apply(String changed) {
        Optional<String> next =
                suspects.stream().filter(name -> !paused.contains(name)).findFirst();
        if (next.equals(alone)) {
            set(changed);
        } else {
            alone = next;
            streams.forEach(this::set);
        }
    }

    private void set(String name) {
        boolean waits = alone.isPresent() && !alone.get().equals(name);
        if (waits || paused.contains(name)) {
            engine.pause(name);
        } else {
            engine.resume(name);
        }
    }
}
