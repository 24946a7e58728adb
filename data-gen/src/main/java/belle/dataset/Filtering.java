package belle.dataset;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads a file of items and writes those that stay to one file and those that go to another, with their reasons. */
public final class Filtering {
    private static final int EXAMPLES = 3;

    private Filtering() {}

    /**
     * What came of it.
     *
     * @param read items in all
     * @param kept items that stayed, as they were
     * @param dropped items that went, by rule
     * @param examples some of them, as they were
     */
    public record Report(long read, long kept, Map<Rule, Long> dropped, Map<Rule, List<JsonNode>> examples) {}

    /**
     * Filters. Both files appear at the end, in the layout of {@code in}; an item that goes has the fields {@code dropped} (a rule's
     * name) and, for near-duplicates, {@code repeats} (the number of the earlier item, from 1) in the second one.
     *
     * @throws belle.proto.FailureException that names the line of a broken item
     */
    public static Report run(Path in, Path out, Path droppedFile, Optional<Form> from, Filter.Settings settings)
            throws IOException {
        var filter = new Filter(settings);
        Map<Rule, Long> dropped = new EnumMap<>(Rule.class);
        Map<Rule, List<JsonNode>> examples = new EnumMap<>(Rule.class);
        long[] read = {0};
        ItemFile.Layout layout = ItemFile.layout(in);
        try (var kept = new ItemWriter(out, layout);
                var gone = new ItemWriter(droppedFile, layout)) {
            ItemFile.read(in, (item, number, line) -> {
                Optional<Filter.Drop> drop = judge(filter, in, item, from, number, line);
                read[0] = number;
                if (drop.isEmpty()) {
                    kept.write(item);
                    return;
                }
                Rule rule = drop.get().rule();
                dropped.merge(rule, 1L, Long::sum);
                ObjectNode told = item.deepCopy();
                told.put("dropped", rule.toString());
                drop.get().earlier().ifPresent(earlier -> told.put("repeats", earlier));
                gone.write(told);
                List<JsonNode> some = examples.computeIfAbsent(rule, _ -> new ArrayList<>());
                if (some.size() < EXAMPLES) {
                    some.add(told);
                }
            });
            gone.finish();
            kept.finish();
            return new Report(read[0], kept.items(), dropped, examples);
        }
    }

    private static Optional<Filter.Drop> judge(
            Filter filter, Path in, JsonNode item, Optional<Form> from, long number, long line) {
        try {
            Form form = from.isPresent() ? from.get() : Reader.formOf(item);
            return filter.judge(Reader.read(item, form), number);
        } catch (Reader.Unreadable e) {
            throw ItemFile.broken(in, line, String.valueOf(e.getMessage()));
        }
    }
}
