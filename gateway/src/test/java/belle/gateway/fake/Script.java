package belle.gateway.fake;

import belle.proto.Failure;
import belle.proto.Prompt;
import belle.proto.Tokens;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What the fake model does, chosen by words in the prompt.
 *
 * @param refusal refuses the request at once
 * @param silent never answers at all
 * @param pieces the text, token by token
 * @param breaksAfter tokens after which the stream fails; -1 for never
 * @param holds stops for good after the first token
 */
record Script(Optional<Failure> refusal, boolean silent, List<String> pieces, int breaksAfter, boolean holds) {
    private static final Pattern PIECE = Pattern.compile("\\s*(?:[\\x21-\\x7e]{1,6}|\\S)|\\s+");
    private static final Pattern LONG = Pattern.compile("count to (\\d+)");
    private static final String STORY = """
            Once upon a time, a small model lived in a jar file. It knew **few words**, but used them with care:

            - it never spoke out of turn,
            - it stopped when it was told to,
            - and it *always* said why.

            ```java
            var tokens = model.generate("你好，世界");
            System.out.println(tokens);
            ```

            1. First it read the prompt.
            2. Then it wrote `one token` at a time.

            > 从前有一个小小的模型，住在一个 jar 文件里。它认识的字不多，可是每一个字都用得很小心。

            And so everybody understood it. <script>alert(1)</script> stayed plain text.
            """;

    static Script of(Prompt prompt) {
        String text = switch (prompt) {
            case Prompt.Chat(var messages) -> messages.getLast().content();
            case Prompt.Text(String given) -> given;
            case Prompt.Ids(Tokens ids) -> text(ids);
        };
        boolean breaks = text.contains("break");
        return new Script(refusal(text), text.contains("silent"), pieces(text), breaks ? 3 : -1, text.contains("hold"));
    }

    /** The fake tokenizer: one token per character. */
    static Tokens ids(String text) {
        return Tokens.of(text.codePoints().toArray());
    }

    static String text(Tokens ids) {
        return new String(ids.toArray(), 0, ids.size());
    }

    static int promptTokens(Prompt prompt) {
        return switch (prompt) {
            case Prompt.Chat(var messages) ->
                messages.stream().mapToInt(m -> m.content().length() + 4).sum();
            case Prompt.Text(String given) -> given.length();
            case Prompt.Ids(Tokens ids) -> ids.size();
        };
    }

    private static Optional<Failure> refusal(String text) {
        return switch (text) {
            case "refuse invalid" -> Optional.of(new Failure.Invalid("messages[0].role", "messages[0].role is odd"));
            case "refuse too long" -> Optional.of(new Failure.TooLong(900, 200, 1024));
            case "refuse overloaded" -> Optional.of(new Failure.Overloaded("the queue holds 64 requests", 7));
            case "refuse unavailable" -> Optional.of(new Failure.Unavailable("the node is draining"));
            case "refuse internal" -> Optional.of(new Failure.Internal("a step failed"));
            default -> Optional.empty();
        };
    }

    private static List<String> pieces(String text) {
        var count = LONG.matcher(text);
        List<String> pieces = new ArrayList<>();
        if (count.find()) {
            for (int i = 1; i <= Integer.parseInt(count.group(1)); i++) {
                pieces.add(i + " ");
            }
            return pieces;
        }
        boolean story = text.contains("story") || text.contains("故事");
        var matcher = PIECE.matcher(story ? STORY : "You said: " + text);
        while (matcher.find()) {
            pieces.add(matcher.group());
        }
        return pieces;
    }
}
