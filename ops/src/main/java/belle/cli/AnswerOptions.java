package belle.cli;

import belle.eval.EvalItem;
import belle.eval.EvalSet;
import belle.proto.bundle.FileHash;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What the commands that score files of answers are given. */
final class AnswerOptions {
    @Option(
            names = "--set",
            required = true,
            paramLabel = "FILE",
            description = "The questions that were answered; for eval pass, code with fields 'language' and 'test'.")
    private Path set;

    @Parameters(arity = "1..*", paramLabel = "ANSWERS", description = "Files of eval run.")
    private List<Path> files;

    @Option(
            names = "--seed",
            defaultValue = "1",
            paramLabel = "N",
            description = "Of the intervals (${DEFAULT-VALUE}).")
    private long seed;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    Path set() {
        return set;
    }

    List<EvalItem> items() throws IOException {
        return EvalSet.read(set);
    }

    /** What files of answers to {@link #set} name it by. */
    String hash() throws IOException {
        return FileHash.plain(set);
    }

    List<Path> files() {
        return files;
    }

    long seed() {
        return seed;
    }

    boolean json() {
        return json;
    }
}
