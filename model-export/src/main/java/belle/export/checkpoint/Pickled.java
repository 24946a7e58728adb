package belle.export.checkpoint;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A value that {@link PickleReader} knows. Lists and dicts grow while the pickle is read. */
sealed interface Pickled {
    /** What a message calls the value. */
    default String kind() {
        return getClass().getSimpleName().toLowerCase(Locale.ROOT);
    }

    record None() implements Pickled {}

    record Bool(boolean value) implements Pickled {}

    record Int(long value) implements Pickled {}

    record Real(double value) implements Pickled {}

    record Text(String value) implements Pickled {}

    record Tuple(List<Pickled> items) implements Pickled {}

    /** A class or function, by name; one of {@link TorchGlobals}, for all others are refused. */
    record Global(String name) implements Pickled {}

    /** A storage: the archive's entry {@code data/<key>} with {@code elements} of {@code type}. */
    record Storage(String key, DType type, long elements) implements Pickled {}

    /** A view of a storage; all counts are elements. */
    record Tensor(Storage storage, long offset, List<Long> shape, List<Long> strides) implements Pickled {}

    /** Compared by identity, since a pickle can put a list into itself. */
    final class Sequence implements Pickled {
        final List<Pickled> items = new ArrayList<>();
    }

    /** Compared by identity, like {@link Sequence}. Keys are texts and numbers. */
    final class Dict implements Pickled {
        final Map<Pickled, Pickled> items = new LinkedHashMap<>();
    }
}
