package belle.eval;

import belle.proto.WholeFile;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;

/** A page to read models' answers side by side: one HTML file that asks for nothing else, with the texts as JSON in it. */
public final class ReportPage {
    private static final ObjectMapper JSON = new ObjectMapper();

    private ReportPage() {}

    /** Writes the page; {@code set} is the set's name. */
    public static void write(Path file, String set, List<EvalItem> items, List<ModelResult> results)
            throws IOException {
        WholeFile.write(file, html(set, items, results).getBytes(StandardCharsets.UTF_8));
    }

    static String html(String set, List<EvalItem> items, List<ModelResult> results) {
        return resource("report.html")
                .replace("{{style}}", resource("report.css"))
                .replace("{{script}}", resource("report.js"))
                .replace("{{data}}", embedded(data(set, items, results)));
    }

    /** JSON that holds no character with a meaning in HTML, so that no text can end the element that it is in. */
    private static String embedded(ObjectNode data) {
        try {
            return JSON.writeValueAsString(data)
                    .replace("&", "\\u0026")
                    .replace("<", "\\u003c")
                    .replace(">", "\\u003e");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static ObjectNode data(String set, List<EvalItem> items, List<ModelResult> results) {
        ObjectNode data = JsonNodeFactory.instance.objectNode().put("set", set);
        ArrayNode classes = data.putArray("classes");
        EvalSet.byClass(items)
                .keySet()
                .forEach(name -> classes.addObject().put("name", name).put("chinese", ClassNames.chinese(name)));
        ArrayNode measures = data.putArray("measures");
        if (ModelResult.measure(results) == Measure.JUDGE) {
            measures.addObject().put("field", "judge").put("title", "judge");
        }
        measures.addObject().put("field", "rougeL").put("title", Measure.ROUGE_L.title());
        ArrayNode models = data.putArray("models");
        results.forEach(result -> models.add(result.name()));
        ArrayNode questions = data.putArray("items");
        for (EvalItem item : items) {
            ArrayNode answers = questions
                    .addObject()
                    .put("number", item.number())
                    .put("class", item.taskClass())
                    .put("question", item.question())
                    .put("reference", item.reference())
                    .putArray("answers");
            results.forEach(result -> add(answers.addObject(), item, result));
        }
        return data;
    }

    private static void add(ObjectNode answer, EvalItem item, ModelResult result) {
        Reply reply = result.answers().reply(item);
        answer.put("text", reply.answer()).put("failure", reply.failure());
        put(answer, "rougeL", result.score(item, Measure.ROUGE_L));
        if (result.judgements().isPresent()) {
            Optional<Judgement> judgement = result.judgement(item);
            put(answer, "judge", result.score(item, Measure.JUDGE));
            answer.put("said", judgement.map(Judgement::said).orElse(""));
        }
    }

    private static void put(ObjectNode answer, String field, OptionalDouble score) {
        if (score.isPresent()) {
            answer.put(field, Math.round(score.getAsDouble() * 10) / 10.0);
        } else {
            answer.putNull(field);
        }
    }

    private static String resource(String name) {
        try (InputStream in = Objects.requireNonNull(ReportPage.class.getResourceAsStream(name))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
