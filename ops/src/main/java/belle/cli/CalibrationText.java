package belle.cli;

import belle.export.bundle.Calibration;
import belle.export.tokenizer.TokenizerFiles;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.Tokens;
import belle.text.Tokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** A file of plain text to quantise by, cut into windows of token ids. */
final class CalibrationText {
    private static final int WINDOW_TOKENS = 512;
    private static final int MOST_WINDOWS = 64;
    private static final int MOST_HELD_OUT = 8;

    private CalibrationText() {}

    /**
     * Reads at most 64 windows of 512 tokens, from the beginning on, and up to 8 more that are held out. A shorter text gives a
     * ninth of its windows to those.
     *
     * @param checkpoint whose tokenizer is used
     * @throws FailureException when the file cannot be read, is no UTF-8 or is empty
     */
    static Calibration read(Path file, Path checkpoint, boolean byActivation) {
        Tokens ids = encode(text(file), checkpoint);
        List<List<Integer>> windows = new ArrayList<>();
        for (int from = 0; from < ids.size() && windows.size() < MOST_WINDOWS + MOST_HELD_OUT; from += WINDOW_TOKENS) {
            int end = Math.min(ids.size(), from + WINDOW_TOKENS);
            windows.add(IntStream.range(from, end).map(ids::get).boxed().toList());
        }
        if (windows.isEmpty()) {
            throw new FailureException(new Failure.Broken(file.toString(), "calibration", "holds no text"));
        }
        int heldOut = Math.min(
                windows.size() - 1, Math.ceilDiv(windows.size() * MOST_HELD_OUT, MOST_WINDOWS + MOST_HELD_OUT));
        int used = windows.size() - heldOut;
        return new Calibration(
                windows.subList(0, used),
                windows.subList(used, windows.size()).stream()
                        .filter(w -> w.size() > 1)
                        .toList(),
                byActivation);
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (CharacterCodingException e) {
            throw new FailureException(new Failure.Broken(file.toString(), "calibration", "is no UTF-8 text"), e);
        } catch (IOException e) {
            throw new FailureException(
                    new Failure.Broken(file.toString(), "calibration", "cannot be read: " + e.getMessage()), e);
        }
    }

    private static Tokens encode(String text, Path checkpoint) {
        try {
            Path json = Files.createTempFile("belle-tokenizer", ".json");
            try {
                Files.writeString(json, TokenizerFiles.read(checkpoint).json());
                try (Tokenizer tokenizer = Tokenizer.open(json)) {
                    return tokenizer.encode(text);
                }
            } finally {
                Files.delete(json);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
