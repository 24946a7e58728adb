package belle.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import belle.cli.RunningBelle;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.completions.CompletionCreateParams;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings({"NullAway.Init", "deprecation"}) // "seed" is part of the interface that is tested.
class OpenAiJavaTest {
    private static final String MODEL = "belle-tiny";

    @TempDir
    private static Path folder;

    private static RunningBelle server;
    private static OpenAIClient client;

    @BeforeAll
    static void start() throws IOException {
        server = RunningBelle.start(folder);
        client = OpenAIOkHttpClient.builder()
                .baseUrl(server.url() + "/v1")
                .apiKey("none")
                .maxRetries(0)
                .build();
    }

    @AfterAll
    static void stop() throws IOException {
        client.close();
        server.close();
    }

    @Test
    void listsItsModels() {
        assertThat(client.models().list().items())
                .extracting(model -> model.id())
                .containsExactly(MODEL);
        assertThat(client.models().retrieve(MODEL).id()).isEqualTo(MODEL);
        assertThatThrownBy(() -> client.models().retrieve("none")).isInstanceOf(NotFoundException.class);
    }

    @Test
    void answersAChatWithUsage() {
        ChatCompletion answer = client.chat().completions().create(chat().build());
        var usage = answer.usage().orElseThrow();
        assertThat(answer.choices()).hasSize(1);
        assertThat(usage.completionTokens()).isBetween(1L, 16L);
        assertThat(usage.totalTokens()).isEqualTo(usage.promptTokens() + usage.completionTokens());
    }

    @Test
    void streamsTheTextThatItAnswersWhole() {
        var params = chat().temperature(0.9).seed(11);
        ChatCompletion whole = client.chat().completions().create(params.build());
        List<ChatCompletionChunk> chunks;
        try (StreamResponse<ChatCompletionChunk> stream = client.chat()
                .completions()
                .createStreaming(params.streamOptions(ChatCompletionStreamOptions.builder()
                                .includeUsage(true)
                                .build())
                        .build())) {
            chunks = stream.stream().toList();
        }
        String text = chunks.stream()
                .flatMap(chunk -> chunk.choices().stream())
                .flatMap(choice -> choice.delta().content().stream())
                .collect(Collectors.joining());
        assertThat(text)
                .isEqualTo(whole.choices().getFirst().message().content().orElseThrow());
        assertThat(chunks.getLast().usage().orElseThrow().completionTokens())
                .isEqualTo(whole.usage().orElseThrow().completionTokens());
    }

    @Test
    void givesSeveralSeededChoices() {
        var params = chat().temperature(1.5).topP(1.0).seed(3).n(2).build();
        ChatCompletion one = client.chat().completions().create(params);
        ChatCompletion two = client.chat().completions().create(params);
        assertThat(texts(one)).hasSize(2).doesNotHaveDuplicates().isEqualTo(texts(two));
    }

    @Test
    void givesLogProbabilities() {
        ChatCompletion answer = client.chat()
                .completions()
                .create(chat().logprobs(true).topLogprobs(2).build());
        var tokens =
                answer.choices().getFirst().logprobs().orElseThrow().content().orElseThrow();
        assertThat(tokens).isNotEmpty().allSatisfy(token -> {
            assertThat(token.logprob()).isNotPositive();
            assertThat(token.topLogprobs()).hasSize(2);
        });
    }

    @Test
    void stopsAtAStopString() {
        String free = client.completions()
                .create(completion().build())
                .choices()
                .getFirst()
                .text();
        String stop = free.substring(free.length() / 2, free.length() / 2 + 1);
        var cut = client.completions()
                .create(completion().stop(stop).build())
                .choices()
                .getFirst();
        assertThat(cut.text()).isEqualTo(free.substring(0, free.indexOf(stop)));
        assertThat(cut.finishReason().toString()).isEqualTo("stop");
    }

    @Test
    void namesTheFieldThatIsOutOfRange() {
        var params = chat().temperature(7.0).build();
        assertThatThrownBy(() -> client.chat().completions().create(params))
                .isInstanceOf(BadRequestException.class)
                .hasMessageContaining("temperature");
        var unknown = chat().model("no-such-model").build();
        assertThatThrownBy(() -> client.chat().completions().create(unknown))
                .isInstanceOf(NotFoundException.class)
                .hasMessageContaining(MODEL);
    }

    private static ChatCompletionCreateParams.Builder chat() {
        return ChatCompletionCreateParams.builder()
                .model(MODEL)
                .addUserMessage("你好，请介绍一下你自己")
                .temperature(0.0)
                .maxCompletionTokens(16);
    }

    private static CompletionCreateParams.Builder completion() {
        return CompletionCreateParams.builder()
                .model(MODEL)
                .prompt("你好")
                .temperature(0.0)
                .maxTokens(24)
                .putAdditionalBodyProperty("ignore_eos", JsonValue.from(true));
    }

    private static List<String> texts(ChatCompletion answer) {
        return answer.choices().stream()
                .map(choice -> choice.message().content().orElse(""))
                .toList();
    }
}
