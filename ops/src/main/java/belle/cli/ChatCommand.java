package belle.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code belle chat}: a conversation on the terminal, against any server that speaks OpenAI's chat completions. */
@Command(
        name = "chat",
        description =
                "A terminal chat with a running server. /new forgets the conversation, /quit or end of input ends.")
final class ChatCommand implements Callable<Integer> {
    @Option(names = "--url", defaultValue = "http://127.0.0.1:8080", description = "The server (${DEFAULT-VALUE}).")
    private URI url;

    @Option(names = "--model", description = "A model's name; the server's first one if not given.")
    private @Nullable String model;

    @Option(names = "--system", description = "A system message to begin with.")
    private @Nullable String system;

    @Option(names = "--temperature", description = "The model's own default if not given.")
    private @Nullable Double temperature;

    @Option(names = "--max-tokens", description = "Most tokens of one answer.")
    private @Nullable Integer maxTokens;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        boolean terminal = Output.onTerminal();
        try (var client = new ChatClient(url)) {
            String name = model != null ? model : client.firstModel();
            List<ChatClient.Message> history = new ArrayList<>(opening());
            for (String line = ask(in, out, terminal); line != null; line = ask(in, out, terminal)) {
                switch (line.strip()) {
                    case "" -> {}
                    case "/quit" -> {
                        return 0;
                    }
                    case "/new" -> {
                        history.clear();
                        history.addAll(opening());
                    }
                    default -> {
                        history.add(new ChatClient.Message("user", line));
                        var request = new ChatClient.Request(name, history, temperature, maxTokens);
                        String answer = client.stream(request, text -> {
                            out.print(text);
                            out.flush();
                        });
                        out.println();
                        history.add(new ChatClient.Message("assistant", answer));
                    }
                }
            }
        }
        return 0;
    }

    private List<ChatClient.Message> opening() {
        return system == null ? List.of() : List.of(new ChatClient.Message("system", system));
    }

    private static @Nullable String ask(BufferedReader in, PrintWriter out, boolean terminal) throws IOException {
        if (terminal) {
            out.print("> ");
            out.flush();
        }
        return in.readLine();
    }
}
