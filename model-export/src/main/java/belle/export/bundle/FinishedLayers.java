package belle.export.bundle;

import belle.proto.bundle.FileHash;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How far a calibrated export has come: enough to go on behind its last finished layer. The file is a line of JSON and its
 * hash, and names only what was on the disk before.
 *
 * @param fingerprint of everything that the bundle's weights depend on
 * @param weights hash of each finished layer's bytes in weights.bin
 * @param hidden hash of the file of what the next layer is given
 * @param errors {@link CalibratedLayers#errors}
 */
record FinishedLayers(String fingerprint, List<String> weights, String hidden, Map<String, Double> errors) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String FILE = "progress";
    private static final String NEW = "progress.new";

    FinishedLayers {
        weights = List.copyOf(weights);
        errors = Map.copyOf(errors);
    }

    /** The file of what layer {@code layer} is given. */
    static Path hidden(Path folder, int layer) {
        return folder.resolve("hidden-" + layer);
    }

    /** Whether an export that was interrupted has left something to go on from, whole or not. */
    static boolean areIn(Path folder) {
        return Files.exists(folder.resolve(FILE));
    }

    /** Reads what {@link #write} left in {@code folder}; empty where there is none, or it is damaged. */
    static Optional<FinishedLayers> read(Path folder) throws IOException {
        try {
            List<String> lines = Files.readAllLines(folder.resolve(FILE));
            return lines.size() == 2 && lines.getLast().equals(hash(lines.getFirst()))
                    ? Optional.of(JSON.readValue(lines.getFirst(), new TypeReference<>() {}))
                    : Optional.empty();
        } catch (NoSuchFileException | CharacterCodingException e) {
            return Optional.empty();
        }
    }

    /** Replaces the file in {@code folder}: it is there as it was, or as it is to be, whenever the process ends. */
    void write(Path folder) throws IOException {
        String line = JSON.writeValueAsString(this);
        Path file = Files.writeString(folder.resolve(NEW), line + "\n" + hash(line) + "\n");
        StagingFolder.force(file);
        Files.move(file, folder.resolve(FILE), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        StagingFolder.force(folder);
    }

    private static String hash(String line) {
        return FileHash.of(line.getBytes(StandardCharsets.UTF_8));
    }
}
