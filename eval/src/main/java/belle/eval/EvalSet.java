package belle.eval;

import belle.dataset.ItemFile;
import belle.proto.Failure;
import belle.proto.FailureException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Evaluation sets in BELLE's form: {@code question}, {@code std_answer} (may be empty) and {@code class}. */
public final class EvalSet {
    private EvalSet() {}

    /** Reads a JSON array or JSON lines; a wrong item ends in {@link Failure.Broken}, which names its line. */
    public static List<EvalItem> read(Path file) throws IOException {
        List<EvalItem> items = new ArrayList<>();
        ItemFile.read(
                file,
                (item, number, line) -> items.add(new EvalItem(
                        number,
                        text(file.toString(), item, "question", line),
                        item.has("std_answer") ? text(file.toString(), item, "std_answer", line) : "",
                        taskClass(text(file.toString(), item, "class", line)))));
        if (items.isEmpty()) {
            throw new FailureException(new Failure.Broken(file.toString(), "items", "there is none"));
        }
        return List.copyOf(items);
    }

    /** Names that differ in case, no-break spaces or underscores are one class: BELLE's files spell them in several ways. */
    static String taskClass(String name) {
        return name.toLowerCase(Locale.ROOT).replaceAll("[\\s\\u00a0_]+", " ").strip();
    }

    /** The items of each class. */
    static Map<String, List<EvalItem>> byClass(List<EvalItem> items) {
        Map<String, List<EvalItem>> classes = new TreeMap<>();
        items.forEach(item -> classes.computeIfAbsent(item.taskClass(), _ -> new ArrayList<>())
                .add(item));
        return classes;
    }

    /** A field that must be text; a question also must not be blank. */
    static String text(String file, JsonNode item, String field, long line) {
        JsonNode value = item.path(field);
        if (!value.isTextual() || (field.equals("question") && value.asText().isBlank())) {
            throw new FailureException(
                    new Failure.Broken(file, "line " + line, "'" + field + "' must be text, not " + value));
        }
        return value.asText();
    }
}
