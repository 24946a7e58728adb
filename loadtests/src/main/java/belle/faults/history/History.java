package belle.faults.history;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Entries in the order in which they happened. A file of it has one JSON object a line. */
public record History(List<Entry> entries) {
    private static final int SHOWN = 200;
    private static final JsonMapper JSON = JsonMapper.builder().build();

    public History {
        entries = List.copyOf(entries);
    }

    /** Returns all entries of one kind, in order. */
    public <T extends Entry> List<T> all(Class<T> kind) {
        return entries.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    /** Returns the entries of each request, in order. */
    public Map<String, List<Entry.OfRequest>> byRequest() {
        Map<String, List<Entry.OfRequest>> requests = new LinkedHashMap<>();
        for (Entry entry : entries) {
            if (entry instanceof Entry.OfRequest of) {
                requests.computeIfAbsent(of.request(), _ -> new ArrayList<>()).add(of);
            }
        }
        return requests;
    }

    /** Returns the entry as one line of JSON. */
    public static String line(Entry entry) {
        try {
            return JSON.writeValueAsString(entry);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("an entry that cannot be written: " + entry, e);
        }
    }

    /**
     * Reads a file of lines.
     *
     * @throws IOException when it cannot be read, or a line is no entry; names the line
     */
    public static History read(Path file) throws IOException {
        List<Entry> entries = new ArrayList<>();
        try (BufferedReader lines = Files.newBufferedReader(file)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                try {
                    entries.add(JSON.readValue(line, Entry.class));
                } catch (JsonProcessingException e) {
                    throw new IOException(
                            file + " line " + (entries.size() + 1) + " is no entry of a history: " + shortened(line),
                            e);
                }
            }
        }
        return new History(entries);
    }

    /** A line may have a whole answer. */
    private static String shortened(String line) {
        return line.length() > SHOWN ? line.substring(0, SHOWN) + "…" : line;
    }
}
