package belle.faults.client;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * What is asked, without how: the same words, the same answer.
 *
 * @param fields of the JSON body, but for {@code stream}
 */
public record Spec(String path, String fields) {
    private static final List<String> WORDS = List.of(
            "今天天气怎么样", "写一首关于秋天的诗", "😀🎉 emoji", "Tell me a story", "第一步是什么", "翻译: hello", "𠀀𠮷 rare", "1+1=");
    private static final List<String> STOPS = List.of("。。。。", "的的的", "\\n\\n\\n\\n", "😀😀");

    /** Tells whether it is a chat; else a completion. */
    public boolean chat() {
        return path.endsWith("chat/completions");
    }

    /** Returns the body of the request. */
    public String body(boolean stream) {
        return "{" + fields + (stream ? ",\"stream\":true,\"stream_options\":{\"include_usage\":true}" : "") + "}";
    }

    /** Draws a request that is right. */
    static Spec draw(Random random, String model, int tokens) {
        List<String> fields = new ArrayList<>();
        fields.add("\"model\":\"" + model + "\"");
        boolean chat = random.nextBoolean();
        String words = WORDS.get(random.nextInt(WORDS.size())) + " " + random.nextInt(1000);
        fields.add(
                chat
                        ? "\"messages\":[" + (random.nextBoolean() ? system() : "")
                                + "{\"role\":\"user\",\"content\":\"" + words + "\"}]"
                        : "\"prompt\":\"" + words.repeat(1 + random.nextInt(4)) + "\"");
        fields.add("\"max_tokens\":" + (tokens / 4 + random.nextInt(tokens)));
        fields.add("\"seed\":" + random.nextInt(1_000_000));
        if (random.nextInt(5) > 0) {
            fields.add("\"ignore_eos\":true");
        }
        fields.add("\"temperature\":" + List.of("0", "0.4", "0.8", "1.2").get(random.nextInt(4)));
        if (random.nextInt(3) == 0) {
            fields.add("\"n\":" + (2 + random.nextInt(2)));
        }
        if (random.nextInt(3) == 0) {
            fields.add(chat ? "\"logprobs\":true,\"top_logprobs\":2" : "\"logprobs\":2");
        }
        if (random.nextInt(3) == 0) {
            fields.add("\"repetition_penalty\":1.2,\"presence_penalty\":0.4,\"frequency_penalty\":0.3");
        }
        if (random.nextInt(3) == 0) {
            fields.add("\"stop\":[\"" + STOPS.get(random.nextInt(STOPS.size())) + "\"]");
        }
        if (random.nextInt(4) == 0) {
            fields.add("\"top_p\":0.9,\"top_k\":20,\"min_p\":0.01");
        }
        return new Spec(chat ? "/v1/chat/completions" : "/v1/completions", String.join(",", fields));
    }

    private static String system() {
        return "{\"role\":\"system\",\"content\":\"You are BELLE, a helpful assistant. 你是一个有用的助手。\"},";
    }

    /** A request that is wrong, and the status with which it must be refused. */
    record Bad(String path, String body, int status) {
        static Bad draw(Random random, String model) {
            String chat = "/v1/chat/completions";
            String named = "{\"model\":\"" + model + "\",";
            List<Bad> all = List.of(
                    new Bad(chat, "{\"model\":", 400),
                    new Bad(chat, "{\"model\":\"gpt-9\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}", 404),
                    new Bad("/v1/completions", named + "\"prompt\":\"x\",\"temperature\":-1}", 400),
                    new Bad("/v1/completions", named + "\"prompt\":\"x\",\"n\":0}", 400),
                    new Bad("/v1/completions", named + "\"prompt\":\"" + "很长 ".repeat(4000) + "\"}", 400),
                    new Bad(chat, named + "\"messages\":\"x\"}", 400));
            return all.get(random.nextInt(all.size()));
        }
    }
}
