package belle.text;

import belle.proto.ChatMessage;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.Prompt;
import belle.proto.Tokens;
import belle.proto.bundle.PromptTemplate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Turns prompts of every form into ids. Immutable, for any number of threads; it does not own the tokenizer.
 *
 * <p>Only the template puts control tokens into a prompt, and only as ids. All text between two of them, the
 * template's and the messages', is one run of plain text for the tokenizer.
 */
public final class PromptRenderer {
    private final Tokenizer tokenizer;
    private final Tokens bos;
    private final Template template;

    private PromptRenderer(Tokenizer tokenizer, Tokens bos, Template template) {
        this.tokenizer = tokenizer;
        this.bos = bos;
        this.template = template;
    }

    /**
     * Makes a renderer. A template that asks for a token that the vocabulary does not have ends in
     * {@link Failure.Broken}.
     *
     * @param bosIds put before every prompt made from text
     * @param eosIds the first one is what <code>{eos}</code> means
     */
    public static PromptRenderer of(
            Tokenizer tokenizer, PromptTemplate template, List<Integer> bosIds, List<Integer> eosIds) {
        Tokens bos = Tokens.of(bosIds.stream().mapToInt(Integer::intValue).toArray());
        return new PromptRenderer(
                tokenizer, bos, Template.parse(template, new Template.Ids(tokenizer.vocabulary(), bosIds, eosIds)));
    }

    /** Returns the ids of a prompt; a wrong one ends in {@link Failure.Invalid} naming the field. */
    public Tokens render(Prompt prompt) {
        return switch (prompt) {
            case Prompt.Chat(var messages) -> chat(messages);
            case Prompt.Text(var text) -> bos.plus(tokenizer.encode(text));
            case Prompt.Ids(var ids) -> known(ids);
        };
    }

    /**
     * Returns the ids of a conversation, ending where the assistant's answer begins.
     *
     * <p>System messages come first and are joined by line breaks, as are neighbours of one role; the conversation
     * begins and ends with the user.
     */
    private Tokens chat(List<ChatMessage> messages) {
        Conversation conversation = Conversation.of(messages);
        Run run = new Run();
        List<ChatMessage> turns = conversation.turns();
        Optional<String> system = conversation.system().or(template::system);
        for (int i = 0; i < turns.size(); i++) {
            String content = turns.get(i).content();
            if (i % 2 == 1) {
                run.add(template.assistant(), "", content);
            } else if (i == 0 && system.isPresent()) {
                run.add(template.opening(), system.get(), content);
            } else {
                run.add(i == 0 ? List.of() : template.between(), "", "");
                run.add(template.user(), "", content);
            }
        }
        run.add(template.answer(), "", "");
        return run.finish();
    }

    private Tokens known(Tokens ids) {
        int size = tokenizer.vocabulary().size();
        for (int i = 0; i < ids.size(); i++) {
            if (ids.get(i) < 0 || ids.get(i) >= size) {
                throw new FailureException(new Failure.Invalid(
                        "prompt", "id " + ids.get(i) + " at place " + i + " is not in [0, " + size + ")"));
            }
        }
        return ids;
    }

    /** Ids so far, and the text behind them that is not encoded yet. */
    private final class Run {
        private final List<Tokens> done = new ArrayList<>(List.of(bos));
        private final StringBuilder text = new StringBuilder();

        void add(List<Template.Part> parts, String system, String content) {
            for (Template.Part part : parts) {
                switch (part) {
                    case Template.Part.Literal(var literal) -> text.append(literal);
                    case Template.Part.Content _ -> append(content);
                    case Template.Part.SystemMessage _ -> text.append(system);
                    case Template.Part.Id(int id) -> {
                        flush();
                        done.add(Tokens.of(id));
                    }
                }
            }
        }

        /** A model's answer may begin with the space that the template has there. */
        private void append(String content) {
            boolean doubled = !text.isEmpty() && text.charAt(text.length() - 1) == ' ' && content.startsWith(" ");
            text.append(content, doubled ? 1 : 0, content.length());
        }

        private void flush() {
            if (!text.isEmpty()) {
                done.add(tokenizer.encode(text.toString()));
                text.setLength(0);
            }
        }

        Tokens finish() {
            flush();
            return Tokens.of(done.stream()
                    .flatMapToInt(ids -> Arrays.stream(ids.toArray()))
                    .toArray());
        }
    }
}
