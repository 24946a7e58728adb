package belle.text;

import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.bundle.Manifest;
import belle.proto.bundle.PromptTemplate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;

/**
 * A {@link PromptTemplate} with its places found and its special tokens looked up.
 *
 * @param system what a conversation without a system message gets
 * @param answer the assistant part up to its content: where a prompt ends
 */
record Template(
        Optional<String> system,
        List<Part> opening,
        List<Part> user,
        List<Part> assistant,
        List<Part> between,
        List<Part> answer) {
    /** A piece of a template's part. */
    sealed interface Part {
        /** Plain text of the template's own. */
        record Literal(String text) implements Part {}

        /** The message. */
        record Content() implements Part {}

        /** The system message. */
        record SystemMessage() implements Part {}

        /** A special token. */
        record Id(int id) implements Part {}
    }

    /** Where the ids of special places come from. */
    record Ids(Vocabulary vocabulary, List<Integer> bos, List<Integer> eos) {
        /** Returns the id of {@code place}; none where the model has no such id of its own. */
        Optional<Integer> of(String place) {
            return switch (place) {
                case "bos" -> bos.stream().findFirst();
                case "eos" -> eos.stream().findFirst();
                default -> {
                    int id = vocabulary.specialId(place);
                    if (id < 0) {
                        throw new FailureException(new Failure.Broken(
                                Manifest.FILE, "template", "the vocabulary has no special token '" + place + "'"));
                    }
                    yield Optional.of(id);
                }
            };
        }
    }

    static Template parse(PromptTemplate template, Ids ids) {
        List<Part> assistant = parts(template.assistant(), ids);
        return new Template(
                template.system().isEmpty() ? Optional.empty() : Optional.of(template.system()),
                parts(template.opening(), ids),
                parts(template.user(), ids),
                assistant,
                parts(template.between(), ids),
                answer(assistant));
    }

    private static List<Part> parts(String text, Ids ids) {
        List<Part> parts = new ArrayList<>();
        Matcher places = PromptTemplate.PLACE.matcher(text);
        int at = 0;
        while (places.find()) {
            if (places.start() > at) {
                parts.add(new Part.Literal(text.substring(at, places.start())));
            }
            at = places.end();
            switch (places.group(1)) {
                case "content" -> parts.add(new Part.Content());
                case "system" -> parts.add(new Part.SystemMessage());
                default -> ids.of(places.group(1)).ifPresent(id -> parts.add(new Part.Id(id)));
            }
        }
        if (at < text.length()) {
            parts.add(new Part.Literal(text.substring(at)));
        }
        return List.copyOf(parts);
    }

    private static List<Part> answer(List<Part> assistant) {
        List<Part> before = new ArrayList<>();
        for (Part part : assistant) {
            if (part instanceof Part.Content) {
                break;
            }
            before.add(part);
        }
        if (!before.isEmpty() && before.getLast() instanceof Part.Literal(var text) && text.endsWith(" ")) {
            // Tokens carry the space before a word: the model writes it itself.
            before.set(before.size() - 1, new Part.Literal(text.substring(0, text.length() - 1)));
        }
        return List.copyOf(before);
    }
}
