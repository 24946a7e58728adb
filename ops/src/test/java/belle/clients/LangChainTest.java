package belle.clients;

import static org.assertj.core.api.Assertions.assertThat;

import belle.cli.RunningBelle;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LangChainTest {
    private static final String MODEL = "belle-tiny";
    private static final String QUESTION = "你好，请介绍一下你自己";

    @TempDir
    private Path folder;

    @Test
    void streamsTheTextThatItAnswersWhole() throws Exception {
        try (var server = RunningBelle.start(folder)) {
            String base = server.url() + "/v1";
            var whole = OpenAiChatModel.builder()
                    .baseUrl(base)
                    .apiKey("none")
                    .modelName(MODEL)
                    .temperature(0.0)
                    .maxTokens(24)
                    .build();
            var streaming = OpenAiStreamingChatModel.builder()
                    .baseUrl(base)
                    .apiKey("none")
                    .modelName(MODEL)
                    .temperature(0.0)
                    .maxTokens(24)
                    .build();
            var pieces = new Pieces();
            streaming.chat(QUESTION, pieces);
            ChatResponse last = pieces.whole.get(60, TimeUnit.SECONDS);
            assertThat(pieces.text.toString())
                    .isEqualTo(last.aiMessage().text())
                    .isEqualTo(whole.chat(QUESTION));
        }
    }

    private static final class Pieces implements StreamingChatResponseHandler {
        private final StringBuilder text = new StringBuilder();
        private final CompletableFuture<ChatResponse> whole = new CompletableFuture<>();

        @Override
        public void onPartialResponse(String piece) {
            text.append(piece);
        }

        @Override
        public void onCompleteResponse(ChatResponse response) {
            whole.complete(response);
        }

        @Override
        public void onError(Throwable error) {
            whole.completeExceptionally(error);
        }
    }
}
