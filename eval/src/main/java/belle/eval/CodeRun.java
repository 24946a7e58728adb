package belle.eval;

import java.io.IOException;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Runs the code of an answer with the tests of its question. */
final class CodeRun {
    private static final Pattern FENCED =
            Pattern.compile("```[ \\t]*(?<language>[\\w+#.-]*)[^\\n]*\\n(?<code>.*?)(?:```|\\z)", Pattern.DOTALL);

    private CodeRun() {}

    /** The first block that is said to be Python, else the first one that is said to be nothing, else the whole answer. */
    static String code(String answer) {
        String unnamed = null;
        Matcher blocks = FENCED.matcher(answer);
        while (blocks.find()) {
            String language = blocks.group("language");
            if (language.matches("(?i)py|python3?")) {
                return blocks.group("code");
            }
            if (unnamed == null && language.isEmpty()) {
                unnamed = blocks.group("code");
            }
        }
        return unnamed == null ? answer : unnamed;
    }

    /** Whether the tests were reached and all of them hold: a program that ends before them has not passed. */
    static boolean passes(Sandbox sandbox, String answer, String test) throws IOException {
        String done = UUID.randomUUID().toString();
        Sandbox.Run run = sandbox.run(code(answer) + "\n\n" + test + "\n\nimport sys\nsys.stdout.write('\\n" + done
                + "\\n')\nsys.stdout.flush()\n");
        return run.end() == Sandbox.End.BY_ITSELF
                && run.status() == 0
                && run.output().endsWith("\n" + done + "\n");
    }
}
