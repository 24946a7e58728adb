package belle.text;

import static org.assertj.core.api.Assertions.assertThat;

import belle.proto.ChatMessage;
import belle.proto.Prompt;
import belle.proto.Tokens;
import belle.proto.bundle.PromptTemplates;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** BELLE's template on the reference prompts. */
final class PromptRendererFixtureTest {
    private static final String BEFORE = "Human: \n";
    private static final String AFTER = "\n\nAssistant: \n";

    @ParameterizedTest
    @CsvSource({"bloom-tiny, bloom-tiny/tokenizer.json, -1", "llama-tiny, llama-tiny/expected/tokenizer.json, 1"})
    void rendersTheReferencePrompts(String model, String file, int bos) {
        int chats = 0;
        try (Tokenizer tokenizer = Tokenizer.open(Fixtures.path(file))) {
            PromptRenderer renderer = belle(tokenizer, bos);
            for (JsonNode row : Fixtures.lines(model + "/expected/greedy.jsonl")) {
                String prompt = row.get("prompt").textValue();
                Tokens expected = Fixtures.tokens(row.get("prompt_ids"));
                if (row.get("kind").textValue().startsWith("chat")) {
                    assertThat(renderer.render(chat(question(prompt))))
                            .as("%s", row)
                            .isEqualTo(expected);
                    chats++;
                }
                if (!row.get("kind").textValue().equals("one-token")) {
                    assertThat(renderer.render(new Prompt.Text(prompt))).isEqualTo(expected);
                }
            }
        }
        assertThat(chats).isGreaterThanOrEqualTo(10);
    }

    @ParameterizedTest
    @CsvSource({"bloom-tiny, bloom-tiny/tokenizer.json, -1", "llama-tiny, llama-tiny/expected/tokenizer.json, 1"})
    void aTurnsPromptBeginsTheNextTurnsPrompt(String model, String file, int bos) {
        int kept = 0;
        try (Tokenizer tokenizer = Tokenizer.open(Fixtures.path(file))) {
            PromptRenderer renderer = belle(tokenizer, bos);
            for (JsonNode row : Fixtures.lines(model + "/expected/greedy.jsonl")) {
                if (!row.get("kind").textValue().startsWith("chat")) {
                    continue;
                }
                String question = question(row.get("prompt").textValue());
                Tokens first = renderer.render(chat(question));
                Tokens ids = Fixtures.tokens(row.get("greedy_ids"));
                Tokens answer = row.get("eos_at").isNull()
                        ? ids
                        : ids.slice(0, row.get("eos_at").intValue());
                String text = Continuation.text(tokenizer.vocabulary(), answer);
                Tokens second = renderer.render(chat(question, text, "继续"));

                assertThat(second.slice(0, first.size())).as(text).isEqualTo(first);
                Tokens all = first.plus(answer).plus(Tokens.of(2));
                // An answer that was cut inside a character cannot come back as the same ids.
                if (!text.contains("\uFFFD")) {
                    assertThat(second.slice(0, Math.min(all.size(), second.size())))
                            .as(text)
                            .isEqualTo(all);
                    kept++;
                }
            }
        }
        assertThat(kept).isGreaterThanOrEqualTo(8);
    }

    private static PromptRenderer belle(Tokenizer tokenizer, int bos) {
        return PromptRenderer.of(tokenizer, PromptTemplates.BELLE, bos < 0 ? List.of() : List.of(bos), List.of(2));
    }

    private static String question(String prompt) {
        return prompt.substring(BEFORE.length(), prompt.length() - AFTER.length());
    }

    /** A conversation of user, assistant, user, … */
    private static Prompt chat(String... contents) {
        List<ChatMessage> messages = new ArrayList<>();
        for (String content : contents) {
            messages.add(new ChatMessage(messages.size() % 2 == 0 ? "user" : "assistant", content));
        }
        return new Prompt.Chat(messages);
    }

    /** The text of ids that follow a prompt. */
    private static final class Continuation {
        static String text(Vocabulary vocabulary, Tokens ids) {
            var bytes = new ByteArrayOutputStream();
            for (int id : ids.toArray()) {
                bytes.writeBytes(vocabulary.bytes(id));
            }
            return Utf8.decode(bytes.toByteArray(), Utf8.Replacing.LONGEST_BEGINNING);
        }
    }
}
