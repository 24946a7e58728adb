package belle.datagen;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import belle.dataset.EntryLog;
import belle.proto.FailureException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EntryLogTest {
    private static final RunSettings SETTINGS = new RunSettings(1, 18, 3, "p", "t", "r");

    @TempDir
    private Path folder;

    private static Draw draw(long number) {
        Map<String, Double> nearest = new LinkedHashMap<>();
        nearest.put("像\n它", 3.5);
        nearest.put("别的", 1.25);
        return new Draw(
                number,
                List.of(new Kept("写诗" + number, "", "好\n", nearest, 0.5)),
                Map.of(Reason.SIMILAR, 2),
                10,
                20,
                1,
                "");
    }

    private List<Draw> reopen(Path file) throws IOException {
        List<Draw> earlier = new ArrayList<>();
        EntryLog.open(file, SETTINGS, RunSettings.class, Draw.class, earlier::add)
                .close();
        return earlier;
    }

    private Path written(int draws) throws IOException {
        Path file = folder.resolve("a.log");
        try (EntryLog<RunSettings, Draw> log = EntryLog.open(file, SETTINGS, RunSettings.class, Draw.class, _ -> {})) {
            for (int i = 0; i < draws; i++) {
                log.append(draw(i));
            }
        }
        return file;
    }

    @Test
    void tellsWhatWasWritten() throws IOException {
        Path file = written(3);
        assertThat(reopen(file)).containsExactly(draw(0), draw(1), draw(2));
        try (EntryLog<RunSettings, Draw> log = EntryLog.open(file, SETTINGS, RunSettings.class, Draw.class, _ -> {})) {
            log.append(draw(3));
            List<Draw> all = new ArrayList<>();
            log.entries(all::add);
            assertThat(all).containsExactly(draw(0), draw(1), draw(2), draw(3));
        }
    }

    @Test
    void whereverTheLastLineWasCutOffTheOthersStay() throws IOException {
        Path file = written(2);
        byte[] whole = Files.readAllBytes(file);
        int lastLine =
                1 + new String(Arrays.copyOf(whole, whole.length - 1), StandardCharsets.ISO_8859_1).lastIndexOf('\n');
        for (int bytes = lastLine; bytes < whole.length; bytes++) {
            Files.write(file, Arrays.copyOf(whole, bytes));
            assertThat(reopen(file)).containsExactly(draw(0));
            assertThat(Files.size(file)).isEqualTo(lastLine);
        }
    }

    @Test
    void aLogThatWasCutOffInItsFirstLineBeginsAnew() throws IOException {
        Path file = written(0);
        Files.write(file, Arrays.copyOf(Files.readAllBytes(file), 20));
        assertThat(reopen(file)).isEmpty();
        assertThat(reopen(file)).isEmpty();
    }

    @Test
    void aDamagedLineIsNamed() throws IOException {
        Path file = written(3);
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);
        assertThatThrownBy(() -> reopen(file))
                .isInstanceOf(FailureException.class)
                .hasMessageMatching(".*a\\.log: line [23]: its checksum is not that of its text");
        assertThat(Files.readAllBytes(file)).isEqualTo(bytes);
    }

    @Test
    void otherSettingsAreRefused() throws IOException {
        Path file = written(1);
        assertThatThrownBy(() -> EntryLog.open(
                        file, new RunSettings(2, 18, 3, "p", "t", "r"), RunSettings.class, Draw.class, _ -> {}))
                .isInstanceOf(FailureException.class)
                .hasMessageContaining("a.log began with other settings: RunSettings[seed=1,");
        assertThat(reopen(file)).containsExactly(draw(0));
    }

    @Test
    void oneRunAtATime() throws IOException {
        Path file = written(1);
        try (EntryLog<RunSettings, Draw> log = EntryLog.open(file, SETTINGS, RunSettings.class, Draw.class, _ -> {})) {
            assertThatThrownBy(() -> reopen(file))
                    .isInstanceOf(FailureException.class)
                    .hasMessageContaining("a.log: another run has it open");
            log.append(draw(1));
        }
        assertThat(reopen(file)).hasSize(2);
    }
}
