package belle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void helpIsAnsweredEverywhere() {
        assertThat(run("--help")).isZero();
        assertThat(out.toString()).startsWith("Usage: belle");
        for (String command : Main.commandLine().getSubcommands().keySet()) {
            assertThat(run(command, "--help")).as(command).isZero();
        }
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void theVersionIsTheBuilds() {
        assertThat(run("--version")).isZero();
        assertThat(out.toString()).matches("belle \\d+\\.\\d+\\.\\d+\\R");
    }

    @Test
    void wrongUsageIsOneLineAndStatusTwo() {
        assertThat(run("serve")).isEqualTo(2);
        assertThat(err.toString().strip())
                .startsWith("belle: ")
                .doesNotContain("\n")
                .contains("serve", "belle --help");
        assertThat(run("--no-such-flag")).isEqualTo(2);
    }

    @Test
    void noCommandAtAllIsWrongUsage() {
        assertThat(run()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-4", "1025", "", " ", "four", "1.5", "4,", ",", "4,,16", "16,0", "99999999999"})
    void benchRefusesStreamsThatAreNone(String streams) {
        // Where the numbers are not looked at, this ends before a server is started.
        assertThat(run("bench", "--streams=" + streams, "--model", "no-such-bundle", "--engine"))
                .isEqualTo(2);
        assertThat(err.toString().strip())
                .startsWith("belle: ")
                .doesNotContain("\n")
                .contains("--streams", "from 1 to 1024", "belle bench --help");
    }

    private int run(String... args) {
        return Main.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(args);
    }
}
