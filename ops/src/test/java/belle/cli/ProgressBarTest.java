package belle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class ProgressBarTest {
    private final StringWriter written = new StringWriter();
    private long nanos;

    @Test
    void saysBytesRateAndTimeLeftInPlainLinesWhereThereIsNoTerminal() {
        try (var bar = bar(false)) {
            nanos = 2_000_000_000L;
            bar.advanced(500_000_000, 2_000_000_000);
            bar.advanced(500_000_001, 2_000_000_000);
            nanos = 8_000_000_000L;
            bar.advanced(2_000_000_000, 2_000_000_000);
        }
        assertThat(written.toString().lines())
                .containsExactly(
                        " 25%  500 MB of 2.00 GB  250 MB/s  6 s left", "100%  2.00 GB of 2.00 GB  250 MB/s  in 8 s");
    }

    /** Layers that were there before count for the way, not for the rate. */
    @Test
    void saysWhatALayerTakesAndTheTimeLeft() {
        try (var bar = bar(false)) {
            bar.layers(16, 32);
            nanos = 450_000_000_000L;
            bar.layers(17.5, 32);
            bar.layers(20, 32);
            nanos = 4_800_000_000_000L;
            bar.layers(32, 32);
        }
        assertThat(written.toString().lines())
                .containsExactly(
                        " 50%  layer 17 of 32  ",
                        " 62%  layer 21 of 32  1 min 53 s each  22 min 30 s left",
                        "100%  layer 32 of 32  5 min 0 s each  in 1 h 20 min");
    }

    @Test
    void drawsOverItselfOnATerminalAndEndsWithALineBreak() {
        try (var bar = bar(true)) {
            nanos = 1_000_000_000;
            bar.advanced(1, 4);
            bar.advanced(2, 4);
            bar.advanced(4, 4);
        }
        assertThat(written.toString()).startsWith("\r[#######-----").endsWith(System.lineSeparator());
        assertThat(written.toString().chars().filter(c -> c == '\r')).hasSize(2);
    }

    @Test
    void anEmptyCheckpointIsDoneAtOnce() {
        try (var bar = bar(false)) {
            bar.advanced(0, 0);
        }
        assertThat(written.toString()).startsWith("100%");
    }

    @Test
    void unitsAreThoseThatPeopleRead() {
        assertThat(Output.bytes(0)).isEqualTo("0 B");
        assertThat(Output.bytes(999_600)).isEqualTo("1.00 MB");
        assertThat(Output.bytes(13_480_000_000L)).isEqualTo("13.5 GB");
        assertThat(Output.seconds(200)).isEqualTo("3 min 20 s");
        assertThat(Output.seconds(3_900)).isEqualTo("1 h 5 min");
    }

    private ProgressBar bar(boolean terminal) {
        return new ProgressBar(new PrintWriter(written, true), terminal, () -> nanos);
    }
}
