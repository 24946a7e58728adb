package belle.session;

import belle.proto.Failure;
import belle.proto.session.SessionCommand.Generate;
import belle.session.ServedModel.Checked;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a node's sessions may compute with, as it is now. Of several bundles of one name new turns take the one that is used;
 * a turn that has begun stays with its own. Thread-safe: the node changes it, sessions read.
 */
public final class ServedModels {
    /** @param used by name */
    private record Now(Map<String, ServedModel> used, List<ServedModel> all) {}

    private volatile Now now = new Now(Map.of(), List.of());

    /** All of {@code models}, each used for its name. */
    public static ServedModels of(ServedModel... models) {
        ServedModels served = new ServedModels();
        for (ServedModel model : models) {
            served.add(model);
            served.use(model);
        }
        return served;
    }

    /** Turns that name its bundle may be computed by it. */
    public synchronized void add(ServedModel model) {
        List<ServedModel> all = new ArrayList<>(now.all);
        all.add(model);
        now = new Now(now.used, List.copyOf(all));
    }

    /** New turns of its name are computed by it, which was added before. */
    public synchronized void use(ServedModel model) {
        Map<String, ServedModel> used = new LinkedHashMap<>(now.used);
        used.put(model.name(), model);
        now = new Now(used, now.all);
    }

    /** No new turn is computed by it. */
    public synchronized void retire(ServedModel model) {
        Map<String, ServedModel> used = new LinkedHashMap<>(now.used);
        used.remove(model.name(), model);
        now = new Now(used, now.all);
    }

    /** Nothing is computed by it any more. */
    public synchronized void remove(ServedModel model) {
        retire(model);
        now = new Now(
                now.used, now.all.stream().filter(each -> !each.equals(model)).toList());
    }

    /** Returns the request as one to the bundle that is used now, unless it names one or there is none. */
    Generate pinned(Generate generate) {
        ServedModel used = now.used.get(generate.model());
        return !generate.bundle().isEmpty() || used == null ? generate : generate.by(used.bundle());
    }

    /** Finds what a request is to be computed by, and checks the request. */
    Checked check(Generate generate) {
        Now seen = now;
        ServedModel used = seen.used.get(generate.model());
        if (generate.bundle().isEmpty()) {
            return used == null ? unknown(generate, seen) : used.check(generate);
        }
        Optional<ServedModel> named = seen.all.stream()
                .filter(each ->
                        each.name().equals(generate.model()) && each.bundle().equals(generate.bundle()))
                .findFirst();
        return named.map(model -> model.check(generate)).orElseGet(() -> missing(generate, seen));
    }

    private static Checked unknown(Generate generate, Now seen) {
        return new Checked.Wrong(new Failure.UnknownModel(generate.model(), List.copyOf(seen.used.keySet())));
    }

    /** Another node may still have it. */
    private static Checked missing(Generate generate, Now seen) {
        ServedModel used = seen.used.get(generate.model());
        String instead = used == null ? "is not served" : "is served as bundle " + used.bundle();
        return new Checked.Wrong(new Failure.Unavailable("model '" + generate.model() + "' " + instead
                + " here, but the stream began with bundle " + generate.bundle()));
    }
}
