package belle.dataset;

import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** Judges items one behind another. For one thread. */
public final class Filter {
    private final Settings settings;
    private final NearDuplicates known;

    /**
     * What is dropped.
     *
     * @param rules those that are asked, in their own order
     * @param mostInstruction characters of an instruction
     * @param mostInput characters of an input; of a question that holds both, the sum of the two
     * @param mostAnswer characters of an answer
     * @param similarity share of character pairs, from 0 to 1, from which on two questions are one
     */
    public record Settings(Set<Rule> rules, int mostInstruction, int mostInput, int mostAnswer, double similarity) {
        /** All rules, with limits that BELLE's published data keep. */
        public static final Settings DEFAULT = new Settings(Set.of(Rule.values()), 1000, 2000, 8000, 0.8);

        public Settings {
            rules = Set.copyOf(rules);
        }
    }

    /** Why an item goes; {@code earlier} is the number of the item that it repeats. */
    public record Drop(Rule rule, OptionalLong earlier) {}

    Filter(Settings settings) {
        this.settings = settings;
        known = new NearDuplicates(settings.similarity());
    }

    /** {@code number} is the item's, from 1. An item that is dropped by another rule is not remembered as a question. */
    Optional<Drop> judge(Example example, long number) {
        String question = example.messages().getFirst().role().equals(Example.SYSTEM)
                ? example.messages().get(1).content()
                : example.messages().getFirst().content();
        int input = example.input();
        String instruction = input == 0 ? question : question.substring(0, question.length() - input - 1);
        String material = question.substring(question.length() - input);
        String answer = example.messages().getLast().content();
        for (Rule rule : Rule.values()) {
            if (settings.rules().contains(rule)) {
                OptionalLong earlier = OptionalLong.empty();
                boolean drops = switch (rule) {
                    case GPT -> Cleaning.gpt(question, answer);
                    case INCOMPLETE -> Cleaning.incomplete(instruction, material, answer);
                    case ENGLISH -> Cleaning.english(instruction, material, answer);
                    case LENGTH -> wrongLength(instruction, material, answer);
                    case NEAR_DUPLICATE -> {
                        earlier = known.findOrAdd(question, number);
                        yield earlier.isPresent();
                    }
                };
                if (drops) {
                    return Optional.of(new Drop(rule, earlier));
                }
            }
        }
        return Optional.empty();
    }

    private boolean wrongLength(String instruction, String input, String answer) {
        boolean joined = input.isEmpty();
        int most = settings.mostInstruction() + (joined ? settings.mostInput() : 0);
        return instruction.strip().length() < 2
                || instruction.length() > most
                || input.length() > settings.mostInput()
                || answer.isBlank()
                || answer.length() > settings.mostAnswer();
    }
}
