package belle.datagen;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Splits a model's answer into items and drops what BELLE's generator drops, except for similarity.
 *
 * @param items in the order of the answer
 * @param dropped how many texts became no item, by reason
 */
record Candidates(List<Item> items, Map<Reason, Integer> dropped) {
    /** An instruction with an input is shorter than this many characters, one that gives an example than the second. */
    private static final int MOST_CHARACTERS = 100;

    private static final int MOST_CHARACTERS_WITH_EXAMPLE = 150;
    private static final int LEAST_CHARACTERS = 4;

    private static final Pattern INSTRUCTION = Pattern.compile("指令[:：]");
    private static final Pattern INPUT = Pattern.compile("输入[:：]");
    private static final Pattern OUTPUT = Pattern.compile("输出[:：]");
    private static final Pattern NUMBER_AT_END = Pattern.compile("\\d+\\.$");

    private static final List<String> BLACKLIST = List.of(
            "图像", "图片", "照片", "文件", "图表", "图层", "曲线图", "折线图", "直线图", "柱形图", "饼状图", "链接", "http", "OpenAI", "chatgpt",
            "gpt-3", "gpt-4");

    /** Ways of asking a model by its name; they go, and the instruction stays. Longer ones before those they hold. */
    private static final Pattern ASKING_BY_NAME =
            Pattern.compile("(?:(?:希望|以便|使得|使)GPT(?:模型)?能够)|(?:要求GPT(?:模型)?(?:能够)?)|(?:需要GPT(?:模型)?回答)"
                    + "|(?:(?:请让|请向|请求|让|请|使用|训练)GPT(?:模型)?)|(?:由GPT模型)|(?:使GPT模型)|(?:GPT(?:模型)?(?:应该|应|需要))");

    Candidates {
        items = List.copyOf(items);
        dropped = Map.copyOf(dropped);
    }

    /**
     * Reads an answer to a prompt that ended with {@code 指令:}.
     *
     * @param cut whether the answer ended because it was as long as allowed: its last part may then be incomplete
     */
    static Candidates of(String answer, boolean cut) {
        String start = answer.substring(0, Math.min(answer.length(), 10));
        String whole = INSTRUCTION.matcher(start).find() ? answer : "指令:" + answer;
        String[] parts = whole.split("###", -1);
        List<Item> items = new ArrayList<>();
        Map<Reason, Integer> dropped = new EnumMap<>(Reason.class);
        for (int i = 0; i < parts.length; i++) {
            if (parts[i].isBlank()) {
                continue;
            }
            Optional<Reason> reason = cut && i == parts.length - 1 ? Optional.of(Reason.CUT) : judge(parts[i], items);
            reason.ifPresent(why -> dropped.merge(why, 1, Integer::sum));
        }
        return new Candidates(items, dropped);
    }

    /** Adds the part's item, or tells why there is none. */
    private static Optional<Reason> judge(String part, List<Item> items) {
        if (BLACKLIST.stream().anyMatch(part::contains)) {
            return Optional.of(Reason.BLACKLIST);
        }
        Optional<Item> parsed = parse(part);
        if (parsed.isEmpty()) {
            return Optional.of(Reason.FORM);
        }
        Item item = parsed.get();
        if (item.instruction().length() < LEAST_CHARACTERS) {
            return Optional.of(Reason.TOO_SHORT);
        }
        String instruction = ASKING_BY_NAME.matcher(item.instruction()).replaceAll("");
        if (instruction.contains("GPT") || item.input().contains("GPT")) {
            return Optional.of(Reason.NAMES_GPT);
        }
        if (instruction.isBlank()) {
            return Optional.of(Reason.TOO_SHORT);
        }
        boolean example = instruction.contains("示例") || instruction.contains("例子");
        if (!item.input().isEmpty()
                && instruction.length() >= (example ? MOST_CHARACTERS_WITH_EXAMPLE : MOST_CHARACTERS)) {
            return Optional.of(Reason.TOO_LONG);
        }
        items.add(new Item(instruction, item.input(), item.output()));
        return Optional.empty();
    }

    /** The first instruction, input and output of a part; an output ends where the next instruction begins. */
    private static Optional<Item> parse(String part) {
        Matcher instruction = INSTRUCTION.matcher(part);
        if (!instruction.find()) {
            return Optional.empty();
        }
        Matcher input = INPUT.matcher(part);
        if (!input.find(instruction.end())) {
            return Optional.empty();
        }
        Matcher output = OUTPUT.matcher(part);
        if (!output.find(input.end())) {
            return Optional.empty();
        }
        Matcher next = INSTRUCTION.matcher(part);
        int end = next.find(output.end()) ? next.start() : part.length();
        String given = field(part, input.end(), output.start());
        String answer = field(part, output.end(), end);
        return answer.isEmpty()
                ? Optional.empty()
                : Optional.of(new Item(
                        field(part, instruction.end(), input.start()), given.contains("无输入") ? "" : given, answer));
    }

    /** A field's text without the number of the field that follows. */
    private static String field(String part, int begin, int end) {
        String text = part.substring(begin, end).strip();
        return end == part.length()
                ? text
                : NUMBER_AT_END.matcher(text).replaceFirst("").strip();
    }
}
