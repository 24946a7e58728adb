package belle.eval;

import belle.dataset.ItemFile;
import belle.proto.Failure;
import belle.proto.FailureException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** The tests of a set's code items: a field {@code test} with Python's assertions beside {@code "language": "python"}. */
public final class CodeTests {
    private CodeTests() {}

    /** Reads the tests, by the items' numbers; a test in another language ends in {@link Failure.Broken}, which names its line. */
    public static Map<Long, String> read(Path set) throws IOException {
        Map<Long, String> tests = new TreeMap<>();
        ItemFile.read(set, (item, number, line) -> {
            if (!item.has("test")) {
                return;
            }
            if (!item.path("language").asText().equals("python")) {
                throw new FailureException(new Failure.Broken(
                        set.toString(),
                        "line " + line,
                        "'language' of a test must be python, not " + item.path("language")));
            }
            tests.put(number, EvalSet.text(set.toString(), item, "test", line));
        });
        return tests;
    }
}
