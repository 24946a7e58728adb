package belle.datagen;

import belle.dataset.EntryLog;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** A run's items as a JSON array, one an element and line: the whole file appears at once, or stays as it was. */
final class OutputFile {
    private static final ObjectMapper JSON = new ObjectMapper();

    private OutputFile() {}

    static void write(Path file, EntryLog<RunSettings, Draw> log) throws IOException {
        Path next = file.resolveSibling(file.getFileName() + ".next");
        try (FileChannel channel = FileChannel.open(
                next, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            var out = new BufferedOutputStream(Channels.newOutputStream(channel));
            JsonGenerator json = JSON.createGenerator(out);
            json.writeStartArray();
            log.entries(draw -> draw.kept().forEach(item -> element(json, item)));
            json.writeRaw('\n');
            json.writeEndArray();
            json.writeRaw('\n');
            json.flush();
            out.flush();
            channel.force(true);
        }
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    }

    private static void element(JsonGenerator json, Kept item) {
        try {
            json.writeRaw('\n');
            json.writePOJO(item);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
