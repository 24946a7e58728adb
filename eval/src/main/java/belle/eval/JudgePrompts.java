package belle.eval;

import belle.dataset.ItemFile;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.bundle.FileHash;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * What a judge model is told, by class. A class that a file does not name has the project's own prompt, and one that this does not
 * name either has that of {@value #GENERAL}.
 */
public final class JudgePrompts {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String OWN = "judge-prompts.jsonl";
    private static final String GENERAL = "general";

    private final Map<String, String> prompts;

    private JudgePrompts(Map<String, String> prompts) {
        this.prompts = prompts;
    }

    /** The project's own prompts, in Chinese. */
    public static JudgePrompts own() {
        Map<String, String> prompts = new TreeMap<>();
        try (InputStream in = Objects.requireNonNull(JudgePrompts.class.getResourceAsStream(OWN));
                var lines = JSON.readerFor(JsonNode.class).<JsonNode>readValues(in)) {
            long line = 0;
            while (lines.hasNext()) {
                put(prompts, OWN, lines.next(), ++line);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new JudgePrompts(prompts);
    }

    /**
     * Reads prompts in BELLE's form, {@code class} and {@code prompt}; the project's own stand in for classes that are missing.
     *
     * @throws FailureException that names the line of a wrong item, or of a class that was there before
     */
    public static JudgePrompts read(Path file) throws IOException {
        Map<String, String> read = new TreeMap<>();
        ItemFile.read(file, (item, _, line) -> put(read, file.toString(), item, line));
        Map<String, String> prompts = new TreeMap<>(own().prompts);
        prompts.putAll(read);
        return new JudgePrompts(prompts);
    }

    private static void put(Map<String, String> prompts, String file, JsonNode item, long line) {
        String taskClass = EvalSet.taskClass(EvalSet.text(file, item, "class", line));
        String prompt = EvalSet.text(file, item, "prompt", line).strip();
        if (prompt.isEmpty()) {
            throw new FailureException(new Failure.Broken(file, "line " + line, "'prompt' is empty"));
        }
        if (prompts.putIfAbsent(taskClass, prompt) != null) {
            throw new FailureException(
                    new Failure.Broken(file, "line " + line, "class '" + taskClass + "' has a prompt already"));
        }
    }

    /** What the judge is asked about an answer. */
    String ask(EvalItem item, String answer) {
        String prompt = prompts.getOrDefault(item.taskClass(), Objects.requireNonNull(prompts.get(GENERAL)));
        String reference = item.reference().isBlank()
                ? ""
                : "\n\n标准答案:\n" + item.reference().strip();
        return prompt + "\n\n问题:\n" + item.question().strip() + reference + "\n\n模型回答:\n" + answer.strip() + "\n";
    }

    /** The same for the same prompts. */
    public String hash() {
        return FileHash.of(prompts.toString().getBytes(StandardCharsets.UTF_8));
    }
}
