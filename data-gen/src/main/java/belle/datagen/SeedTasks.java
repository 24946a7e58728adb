package belle.datagen;

import belle.proto.Failure;
import belle.proto.FailureException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * Tasks written by people, that a model is shown as examples: JSON lines with {@code id}, {@code name},
 * {@code instruction}, {@code instances} (exactly one, of {@code input} and {@code output}) and
 * {@code is_classification}.
 */
public final class SeedTasks {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String OWN = "seed-tasks.jsonl";

    private SeedTasks() {}

    /** The project's own tasks. */
    public static List<Item> own() {
        try (InputStream in = Objects.requireNonNull(SeedTasks.class.getResourceAsStream(OWN))) {
            return read(in, OWN);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The project's own heading of a prompt. */
    public static String ownHeading() {
        try (InputStream in = Objects.requireNonNull(SeedTasks.class.getResourceAsStream("heading.txt"))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads a file of tasks; a wrong line ends in {@link Failure.Broken}, which names it. */
    public static List<Item> read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return read(in, file.toString());
        }
    }

    private static List<Item> read(InputStream in, String name) throws IOException {
        List<Item> tasks = new ArrayList<>();
        Set<String> instructions = new HashSet<>();
        var strict = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        try (var lines = new BufferedReader(new InputStreamReader(in, strict))) {
            int number = 0;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                number++;
                if (!line.isBlank()) {
                    Item task = task(line, name, number);
                    if (!instructions.add(task.instruction() + '\n' + task.input())) {
                        throw broken(name, number, "this task was there before");
                    }
                    tasks.add(task);
                }
            }
        }
        if (tasks.isEmpty()) {
            throw new FailureException(new Failure.Broken(name, "tasks", "there is none"));
        }
        return List.copyOf(tasks);
    }

    private static Item task(String line, String name, int number) {
        JsonNode task;
        try {
            task = JSON.readTree(line);
        } catch (JsonProcessingException e) {
            throw broken(name, number, "no JSON: " + e.getOriginalMessage());
        }
        JsonNode instances = task.path("instances");
        if (!instances.isArray() || instances.size() != 1) {
            throw broken(name, number, "'instances' must have exactly one entry, not " + instances.size());
        }
        String instruction = text(task, "instruction", name, number);
        if (instruction.isBlank()) {
            throw broken(name, number, "'instruction' is empty");
        }
        JsonNode instance = instances.path(0);
        return new Item(instruction, text(instance, "input", name, number), text(instance, "output", name, number));
    }

    private static String text(JsonNode node, String field, String name, int number) {
        if (!node.path(field).isTextual()) {
            throw broken(name, number, "'" + field + "' must be text");
        }
        return node.path(field).asText();
    }

    private static FailureException broken(String name, int line, String problem) {
        return new FailureException(new Failure.Broken(name, "line " + line, problem));
    }
}
