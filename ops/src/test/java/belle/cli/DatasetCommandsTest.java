package belle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import belle.client.StreamSystem;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code data-convert}, {@code data-filter} and data-gen's benchmark, from the command line. */
class DatasetCommandsTest {
    private static final String ITEMS = """
            {"instruction":"写一句关于秋天的话","input":"","output":"秋风送爽。"}
            {"instruction":"请你作为GPT模型介绍自己","input":"","output":"我是GPT模型。"}
            {"instruction":"写一句关于秋天的话。","input":"","output":"叶子黄了。"}
            """;

    @TempDir
    private Path folder;

    private Path in;
    private Path out;
    private final StringWriter printed = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeEach
    void items() throws IOException {
        in = Files.writeString(folder.resolve("in.jsonl"), ITEMS);
        out = folder.resolve("out.jsonl");
    }

    @Test
    void formsAreNamedAsPeopleWriteThem() throws IOException {
        assertThat(run("data-convert", in, "--from", "instruction", "--to", "input-target", "--out", out))
                .as(err.toString())
                .isZero();
        assertThat(Files.readAllLines(out).getFirst()).isEqualTo("{\"input\":\"写一句关于秋天的话\",\"target\":\"秋风送爽。\"}");
        assertThat(printed.toString()).contains("3 items in the form input-target");
        assertThat(run("data-convert", in, "--to", "chats", "--out", out)).isEqualTo(2);
        assertThat(err.toString()).contains("--to", "'chats'", "instruction, input-target, chat");
    }

    @Test
    void rulesAreChosenByTheirNames() throws IOException {
        assertThat(run("data-filter", in, "--only", "gpt,near-duplicate", "--skip", "gpt", "--out", out, "--json"))
                .as(err.toString())
                .isZero();
        assertThat(printed.toString()).contains("\"read\":3", "\"kept\":2", "near-duplicate");
        assertThat(Files.readString(folder.resolve("out.jsonl.dropped"))).contains("\"dropped\":\"near-duplicate\"");
        assertThat(run("data-filter", in, "--only", "gtp", "--out", out, "--force"))
                .isEqualTo(2);
        assertThat(err.toString()).contains("--only", "'gtp'", "near-duplicate");
    }

    @Test
    void nothingIsReplacedUnasked() throws IOException {
        Files.writeString(out, "mine");
        assertThat(run("data-convert", in, "--to", "chat", "--out", out)).isEqualTo(1);
        assertThat(err.toString()).contains("out.jsonl: is there already; --force replaces it");
        assertThat(Files.readString(out)).isEqualTo("mine");
        Path side = Files.writeString(folder.resolve("side"), "mine too");
        Path free = folder.resolve("free.jsonl");
        assertThat(run("data-filter", in, "--out", free, "--dropped", side)).isEqualTo(1);
        assertThat(free).doesNotExist();
        assertThat(run("data-filter", in, "--out", out, "--dropped", side, "--force"))
                .isZero();
        assertThat(Files.readAllLines(out)).hasSize(1);
        assertThat(Files.readAllLines(side)).hasSize(2);
    }

    @Test
    void theIndexIsMeasured() {
        assertThat(run("bench", "--similarity", "--smoke")).isZero();
        assertThat(printed.toString()).contains("1,000 documents  one more: mean ");
    }

    /** The program's own configuration is that of a cluster's member. */
    @Test
    void streamsBindNoPort() {
        ActorSystem system = StreamSystem.start("alone");
        try {
            assertThat(((ExtendedActorSystem) system)
                            .provider()
                            .getDefaultAddress()
                            .hasLocalScope())
                    .isTrue();
        } finally {
            system.terminate();
        }
    }

    private int run(Object... arguments) {
        String[] texts = new String[arguments.length];
        for (int i = 0; i < texts.length; i++) {
            texts[i] = arguments[i].toString();
        }
        return Main.commandLine()
                .setOut(new PrintWriter(printed, true))
                .setErr(new PrintWriter(err, true))
                .execute(texts);
    }
}
