package belle.datagen;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGeneratorFactory;

/** What a model is shown: a heading, some seed tasks, and the beginning of the next task, which it shall go on with. */
public final class GenerationPrompt {
    private final String heading;
    private final List<Item> seedTasks;
    private final int examples;
    private final long seed;

    /** {@code examples} is from 1 to the number of tasks. */
    public GenerationPrompt(String heading, List<Item> seedTasks, int examples, long seed) {
        this.heading = heading;
        this.seedTasks = List.copyOf(seedTasks);
        this.examples = examples;
        this.seed = seed;
    }

    /** The prompt of draw number {@code draw}: the same for the same seed, whatever was drawn before. */
    public String of(long draw) {
        return render(drawn(draw));
    }

    /** The tasks of a draw, none twice. */
    List<Item> drawn(long draw) {
        var random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed ^ (draw * 0x9e3779b97f4a7c15L));
        List<Item> left = new ArrayList<>(seedTasks);
        List<Item> drawn = new ArrayList<>(examples);
        for (int i = 0; i < examples; i++) {
            int at = random.nextInt(left.size());
            drawn.add(left.get(at));
            left.set(at, left.getLast());
            left.removeLast();
        }
        return drawn;
    }

    String render(List<Item> tasks) {
        var text = new StringBuilder(heading).append('\n');
        int number = 0;
        for (Item task : tasks) {
            number++;
            String instruction = task.instruction().replaceAll("\\s+", " ").strip();
            while (instruction.endsWith(":")) {
                instruction = instruction.substring(0, instruction.length() - 1);
            }
            text.append("###\n");
            text.append(number).append(". 指令: ").append(instruction).append('\n');
            text.append(number)
                    .append(". 输入:\n")
                    .append(task.input().isEmpty() ? "<无输入>" : task.input())
                    .append('\n');
            text.append(number).append(". 输出:\n").append(task.output()).append('\n');
        }
        return text.append("###\n").append(number + 1).append(". 指令:").toString();
    }
}
