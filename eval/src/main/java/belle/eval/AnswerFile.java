package belle.eval;

import belle.proto.Failure;
import belle.proto.FailureException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A model's answers to one set, as they are now; those that are missing count as not answered. */
public record AnswerFile(Path file, Answers.Settings settings, Map<Long, Reply> replies) {
    public AnswerFile {
        replies = Map.copyOf(replies);
    }

    /**
     * Reads answers.
     *
     * @param set the hash of the set's file
     * @throws FailureException when the answers are to another set
     */
    public static AnswerFile read(Path file, String set) throws IOException {
        Map<Long, Reply> replies = new TreeMap<>();
        Answers.Settings settings = Answers.read(file, replies);
        if (!settings.set().equals(set)) {
            throw new FailureException(new Failure.Invalid("--set", file + ": these are answers to another set"));
        }
        return new AnswerFile(file, settings, replies);
    }

    Reply reply(EvalItem item) {
        return replies.getOrDefault(item.number(), new Reply(item.number(), "", "", "not asked yet"));
    }

    /** Those items that the model said something to. */
    public List<EvalItem> answered(List<EvalItem> items) {
        return items.stream().filter(item -> reply(item).answers()).toList();
    }
}
