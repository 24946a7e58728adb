package belle.dataset;

import belle.proto.Failure;
import belle.proto.FailureException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * What a run has done, one entry a line, in order: a checksum (CRC-32 in hexadecimal), a space, JSON. The first line holds the run's settings. What
 * was appended outlives the process; {@link #sync} makes it outlive the machine. A last line that was not written to its end is cut off when the
 * log is opened. The opener closes it.
 *
 * @param <S> settings, a record: a log goes on only under equal ones
 * @param <E> entries, records
 */
public final class EntryLog<S, E> implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int CHECKSUM_CHARACTERS = 8;
    private static final int READ_BYTES = 1 << 20;

    private final Path file;
    private final FileChannel channel;
    private final Class<S> settingsType;
    private final Class<E> entryType;

    private EntryLog(Path file, FileChannel channel, Class<S> settingsType, Class<E> entryType) {
        this.file = file;
        this.channel = channel;
        this.settingsType = settingsType;
        this.entryType = entryType;
    }

    /**
     * Opens a run's log, or begins it.
     *
     * @param earlier hears the entries of earlier runs, in order
     * @throws FailureException when another process has it open, when it is damaged, or when it began with other settings
     */
    public static <S, E> EntryLog<S, E> open(
            Path file, S settings, Class<S> settingsType, Class<E> entryType, Consumer<E> earlier) throws IOException {
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        boolean opened = false;
        try {
            lock(file, channel);
            var log = new EntryLog<>(file, channel, settingsType, entryType);
            if (!log.replay(settings, earlier)) {
                log.write(settings);
            }
            opened = true;
            return log;
        } finally {
            if (!opened) {
                channel.close();
            }
        }
    }

    /** Reads a log that somebody else may be writing: whole lines alone. Returns its settings. */
    public static <S, E> S read(Path file, Class<S> settingsType, Class<E> entryType, Consumer<E> entries)
            throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            var log = new EntryLog<>(file, channel, settingsType, entryType);
            List<S> settings = new ArrayList<>();
            log.scan(settings::add, entries::accept);
            if (settings.isEmpty()) {
                throw log.broken(1, "there is no whole line");
            }
            return settings.getFirst();
        }
    }

    private static void lock(Path file, FileChannel channel) throws IOException {
        @Nullable FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            lock = null;
        }
        if (lock == null) {
            throw new FailureException(new Failure.Unavailable(file + ": another run has it open"));
        }
    }

    public void append(E entry) throws IOException {
        write(entry);
    }

    private void write(Object entry) throws IOException {
        byte[] json = JSON.writeValueAsBytes(entry);
        byte[] line = (checksum(json, 0, json.length) + " ").getBytes(StandardCharsets.US_ASCII);
        ByteBuffer bytes = ByteBuffer.allocate(line.length + json.length + 1)
                .put(line)
                .put(json)
                .put((byte) '\n')
                .flip();
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** Makes what was appended outlive the machine. */
    public void sync() throws IOException {
        channel.force(false);
    }

    /** Hears an entry, or the settings. */
    public interface Hears<T> {
        void hear(T read) throws IOException;
    }

    /** Tells all entries, in order, those of earlier runs too. */
    public void entries(Hears<E> entries) throws IOException {
        scan(_ -> {}, entries);
    }

    /** Returns whether there were settings; stands behind the last whole line then. */
    private boolean replay(S settings, Consumer<E> earlier) throws IOException {
        long whole = scan(
                first -> {
                    if (!first.equals(settings)) {
                        throw new FailureException(new Failure.Invalid(
                                file.toString(), file + " began with other settings: " + first + ", now " + settings));
                    }
                },
                earlier::accept);
        channel.truncate(whole);
        channel.position(whole);
        return whole > 0;
    }

    /** Reads all whole lines; returns where the last one ends. */
    private long scan(Hears<S> settings, Hears<E> entries) throws IOException {
        var line = new ByteArrayOutputStream();
        ByteBuffer buffer = ByteBuffer.allocate(READ_BYTES);
        long whole = 0;
        int number = 0;
        for (long at = 0; at < channel.size(); at += buffer.limit()) {
            buffer.clear();
            channel.read(buffer, at);
            buffer.flip();
            while (buffer.hasRemaining()) {
                byte next = buffer.get();
                if (next == '\n') {
                    number++;
                    whole += line.size() + 1;
                    if (number == 1) {
                        settings.hear(read(line.toByteArray(), number, settingsType));
                    } else {
                        entries.hear(read(line.toByteArray(), number, entryType));
                    }
                    line.reset();
                } else {
                    line.write(next);
                }
            }
        }
        return whole;
    }

    private <T> T read(byte[] line, int number, Class<T> type) {
        int json = CHECKSUM_CHARACTERS + 1;
        boolean sound = line.length > json
                && new String(line, 0, CHECKSUM_CHARACTERS, StandardCharsets.US_ASCII)
                        .equals(checksum(line, json, line.length - json));
        if (!sound) {
            throw broken(number, "its checksum is not that of its text");
        }
        try {
            return JSON.readValue(line, json, line.length - json, type);
        } catch (IOException e) {
            throw broken(number, "not an entry of a run: " + e.getMessage());
        }
    }

    private FailureException broken(int number, String problem) {
        return new FailureException(new Failure.Broken(file.toString(), "line " + number, problem));
    }

    private static String checksum(byte[] bytes, int begin, int count) {
        var crc = new CRC32();
        crc.update(bytes, begin, count);
        return HexFormat.of().toHexDigits((int) crc.getValue());
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
