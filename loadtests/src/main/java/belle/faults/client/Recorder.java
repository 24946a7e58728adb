package belle.faults.client;

import belle.faults.history.Entry;
import belle.faults.history.History;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;

/** Writes a history down while it happens, in memory and in a file. Thread-safe. */
public final class Recorder implements AutoCloseable {
    private final long began = System.nanoTime();
    private final List<Entry> entries = new ArrayList<>();
    private final BufferedWriter file;

    /** Begins a history in {@code file}, one entry a line. */
    public Recorder(Path file) throws IOException {
        this.file = Files.newBufferedWriter(file);
    }

    /** Adds the entry that {@code at} makes of the time, in microseconds. */
    public synchronized void add(LongFunction<Entry> at) {
        Entry entry = at.apply((System.nanoTime() - began) / 1_000);
        entries.add(entry);
        try {
            file.write(History.line(entry));
            file.newLine();
        } catch (IOException e) {
            throw new UncheckedIOException("the history cannot be written", e);
        }
    }

    /** Returns all that was added so far. */
    public synchronized History history() {
        return new History(entries);
    }

    @Override
    public synchronized void close() throws IOException {
        file.close();
    }
}
