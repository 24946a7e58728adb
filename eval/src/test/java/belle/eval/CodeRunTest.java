package belle.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.abort;

import belle.proto.FailureException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Programs that try to get out of the sandbox, and answers that are right or wrong. */
class CodeRunTest {
    private static final long PATIENCE_NANOS = 30_000_000_000L;
    private static final Limits LIMITS =
            new Limits(Duration.ofSeconds(5), 3, 256L << 20, 12, 1L << 20, 4L << 20, 10_000);

    @TempDir
    private Path folder;

    private Sandbox sandbox;

    @BeforeEach
    void open() throws IOException {
        try {
            sandbox = Sandbox.isolated(LIMITS);
        } catch (FailureException e) {
            abort(e.failure().message());
        }
    }

    private String output(String program) throws IOException {
        Sandbox.Run run = sandbox.run(program);
        assertThat(run.end()).as(run.output()).isEqualTo(Sandbox.End.BY_ITSELF);
        return run.output();
    }

    /** The command lines of all processes of this machine that hold {@code mark}. */
    private static List<String> processes(String mark) throws IOException {
        try (Stream<Path> all = Files.list(Path.of("/proc"))) {
            return all.map(process -> process.resolve("cmdline"))
                    .map(CodeRunTest::text)
                    .filter(line -> line.contains(mark))
                    .toList();
        }
    }

    /** The system ends a program's processes at once, but on a busy machine it takes them a moment. */
    private static List<String> remaining(String mark) throws IOException {
        long end = System.nanoTime() + PATIENCE_NANOS;
        while (!processes(mark).isEmpty() && System.nanoTime() < end) {
            LockSupport.parkNanos(20_000_000);
        }
        return processes(mark);
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException gone) {
            return "";
        }
    }

    @Test
    void aForkBombStaysSmallAndLeavesNothing() throws IOException {
        String bomb = """
                import os, sys, time
                started = 0
                try:
                    while True:
                        if os.fork() == 0:
                            os.setsid()
                            os.execvp("sleep", ["sleep", "1471.5"])
                        started += 1
                except OSError as e:
                    print(started, e.errno)
                """;
        assertThat(output(bomb)).matches("([1-9]|1[0-2]) 11\n");
        assertThat(remaining("1471.5")).isEmpty();
    }

    @Test
    void aForkBombThatNeverStopsIsKilledWithAllItsChildren() throws IOException {
        String bomb = """
                import os, time
                while True:
                    try:
                        if os.fork() == 0:
                            os.setsid()
                            os.execvp("sleep", ["sleep", "1472.5"])
                    except OSError:
                        time.sleep(0.01)
                """;
        assertThat(sandbox.run(bomb).end()).isEqualTo(Sandbox.End.TOO_LONG);
        assertThat(remaining("1472.5")).isEmpty();
    }

    @Test
    void memoryIsLimited() throws IOException {
        assertThat(output("try:\n    bytearray(300 << 20)\nexcept MemoryError:\n    print('none')"))
                .isEqualTo("none\n");
    }

    @Test
    void anEndlessLoopEndsByItsProcessorTime() throws IOException {
        Sandbox.Run run = sandbox.run("while True: pass");
        assertThat(run.status()).isNotZero();
    }

    @Test
    void aSleeperEndsByTheClock() throws IOException {
        assertThat(sandbox.run("import time\ntime.sleep(1473.5)").end()).isEqualTo(Sandbox.End.TOO_LONG);
    }

    @Test
    void endlessOutputIsCutOff() throws IOException {
        Sandbox.Run run = sandbox.run("while True: print('x' * 1000)");
        assertThat(run.end()).isEqualTo(Sandbox.End.TOO_MUCH_OUTPUT);
        assertThat(run.output()).hasSize(10_000);
    }

    @Test
    void thereIsNoNetwork() throws IOException {
        try (var here = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String connect = "import socket\ntry:\n    socket.create_connection(('127.0.0.1', " + here.getLocalPort()
                    + "), 2)\n    print('connected')\nexcept OSError as e:\n    print(e.errno)";
            assertThat(output(connect)).isEqualTo("101\n");
        }
    }

    @Test
    void nothingOutsideItsFolderCanBeWrittenOrEvenSeen() throws IOException {
        Path secret = Files.writeString(folder.resolve("secret"), "key");
        String look = """
                import os
                for path in ["%s", "/etc/passwd", "/tmp", "/root", "/home", "/proc/1/environ", "/old"]:
                    if os.path.exists(path):
                        print("sees", path)
                for path in ["/x", "/usr/x", "/usr/bin/x", "/dev/x", "%s"]:
                    try:
                        open(path, "w")
                        print("writes", path)
                    except OSError:
                        pass
                open("mine", "w").write("1")
                print(sorted(os.listdir(".")))
                """.formatted(secret, folder.resolve("new"));
        assertThat(output(look)).isEqualTo("['mine', 'program.py']\n");
        assertThat(folder.resolve("new")).doesNotExist();
    }

    @Test
    void filesAreLimitedAloneAndTogether() throws IOException {
        String fill = """
                import signal
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                def write(name, size):
                    try:
                        with open(name, "wb") as f:
                            f.write(bytes(size))
                        return 0
                    except OSError as e:
                        return e.errno
                print(write("a", 2 << 20), [write(str(i), 1 << 20) for i in range(4)][-1])
                """;
        assertThat(output(fill)).isEqualTo("27 28\n");
    }

    @Test
    void theEnvironmentIsEmptyAndNoPrivilegeIsLeft() throws IOException {
        String look = """
                import ctypes, os
                print(sorted(set(os.environ) - {"PATH", "PWD", "OLDPWD", "LC_CTYPE"}))
                libc = ctypes.CDLL(None)
                print(libc.unshare(0x10000000), libc.mount(b"none", b"/box", b"tmpfs", 0, None), os.getppid())
                try:
                    os.setuid(7)
                except OSError as e:
                    print(e.errno)
                """;
        assertThat(output(look)).matches("\\[]\n-1 -1 1\n(1|22)\n");
    }

    @Test
    void aChildThatIsLeftBehindEndsWithTheProgram() throws IOException {
        output(
                "import subprocess\nsubprocess.Popen(['sleep', '1474.5'], start_new_session=True, stdout=subprocess.DEVNULL,"
                        + " stderr=subprocess.DEVNULL)");
        assertThat(remaining("1474.5")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            def f(x): return x + 1                                                     | true
            def f(x): return x                                                         | false
            好的：\\n```python\\ndef f(x):\\n    return x + 1\\n```\\n这样就行。            | true
            ```\\nf = lambda x: x + 1\\n```                                             | true
            ```bash\\nls\\n```\\n```py\\nf = lambda x: x + 1                             | true
            import sys\\ndef f(x): return 0\\nsys.exit(0)                               | false
            import os\\nprint('ok')\\nos._exit(0)                                       | false
            这是一个函数                                                               | false
            """)
    void answersPassIfTheirTestsWereReachedAndHold(String answer, boolean passes) throws IOException {
        assertThat(CodeRun.passes(sandbox, answer.replace("\\n", "\n"), "assert f(2) == 3"))
                .isEqualTo(passes);
    }

    @Test
    void questionsWithoutTestsDoNotCount() throws IOException {
        Path set = Files.writeString(folder.resolve("set.jsonl"), """
                {"question":"写 f","std_answer":"","class":"code","language":"python","test":"assert f(2) == 3"}
                {"question":"写 g","std_answer":"","class":"code"}
                {"question":"1+1","std_answer":"等于2。","class":"math"}
                {"question":"为什么","std_answer":"因为。","class":"math"}
                {"question":"2+2","std_answer":"等于4。","class":"math"}
                """);
        var replies = Map.of(
                1L, new Reply(1, "def f(x): return x + 1", "stop", ""),
                2L, new Reply(2, "def g(): pass", "stop", ""),
                3L, new Reply(3, "二", "stop", ""));
        var rate = new PassRate(EvalSet.read(set), replies, 1);
        PassRate.Row code = rate.code(CodeTests.read(set), () -> sandbox);
        assertThat(code)
                .extracting(PassRate.Row::checked, PassRate.Row::passed, PassRate.Row::uncheckable)
                .containsExactly(1, 1, 1);
        PassRate.Row math = rate.math();
        assertThat(math).isEqualTo(new PassRate.Row("math", 2, 1, 1, 1, math.rate()));
        assertThat(math.rate().orElseThrow().mean()).isEqualTo(50);
    }

    @Test
    void testsInAnotherLanguageAreRefused() throws IOException {
        Path set = Files.writeString(
                folder.resolve("set.jsonl"),
                "{\"question\":\"a\",\"class\":\"code\",\"language\":\"java\",\"test\":\"assert f(2) == 3\"}");
        assertThatThrownBy(() -> CodeTests.read(set))
                .isInstanceOf(FailureException.class)
                .hasMessageContaining("line 1: 'language' of a test must be python, not \"java\"");
    }
}
