package belle.datagen;

import belle.client.ScriptedServer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A server that writes tasks by rule, as a model would: of the same prompt always the same ones. Some answers are cut
 * off, out of form, about pictures, or very like another; some requests fail, are turned away, or get garbage.
 */
public final class WritingModel {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> VERBS =
            List.of("写", "分析", "解释", "比较", "列出", "设计", "评价", "总结", "描述", "翻译", "改写", "计算", "预测", "推荐");
    private static final String SIGNS =
            "春夏秋冬山水花鸟云雨风雪日月星辰江河湖海草木竹石金银铜铁书画琴棋茶酒米面刀笔纸墨车船桥路门窗灯火人心手足父母子女兄弟师友农工商学医法史地数理化文武东南西北上下左右前后红黄蓝绿黑白大小多少长短高低快慢冷热新旧";

    /** Answers that went out whole. */
    private final AtomicInteger told = new AtomicInteger();

    private final boolean faults;

    public WritingModel(boolean faults) {
        this.faults = faults;
    }

    public int told() {
        return told.get();
    }

    /** Answers a request. */
    public void answer(int number, String path, String body, HttpExchange exchange) throws IOException {
        String prompt = JSON.readTree(body).path("prompt").asText();
        if (faults && number % 11 == 3) {
            exchange.getResponseHeaders().set("Retry-After", "0");
            ScriptedServer.send(exchange, 429, "{\"error\":{\"message\":\"slow down\"}}");
        } else if (faults && number % 13 == 5) {
            ScriptedServer.send(exchange, 500, "<html>");
        } else if (faults && number % 17 == 7) {
            ScriptedServer.send(exchange, 200, "{\"choices\":[{");
        } else {
            var random = new Random(prompt.hashCode());
            boolean cut = random.nextInt(4) == 0;
            var json = JSON.createObjectNode();
            json.putArray("choices")
                    .addObject()
                    .put("text", text(random, cut))
                    .put("finish_reason", cut ? "length" : "stop");
            json.putObject("usage").put("prompt_tokens", 500).put("completion_tokens", 300);
            told.incrementAndGet();
            ScriptedServer.send(exchange, 200, json.toString());
        }
    }

    private static String text(Random random, boolean cut) {
        var text = new StringBuilder();
        int tasks = 4 + random.nextInt(6);
        for (int i = 0; i < tasks; i++) {
            String colon = random.nextBoolean() ? ":" : "：";
            if (i > 0) {
                text.append(random.nextInt(12) == 0 ? "" : "###\n")
                        .append(i + 4)
                        .append(". 指令")
                        .append(colon);
            }
            text.append(' ').append(VERBS.get(random.nextInt(VERBS.size()))).append("关于");
            int words = 4 + random.nextInt(14);
            for (int w = 0; w < words; w++) {
                text.append(SIGNS.charAt(random.nextInt(SIGNS.length())));
            }
            text.append(random.nextInt(15) == 0 ? "的图片。" : "的内容。").append('\n');
            if (cut && i == tasks - 1) {
                break;
            }
            text.append(i + 4).append(". 输入").append(colon).append('\n');
            text.append(random.nextBoolean() ? "<无输入>" : "材料" + random.nextInt(1000))
                    .append('\n');
            text.append(i + 4)
                    .append(". 输出")
                    .append(colon)
                    .append("\n回答")
                    .append(random.nextInt(100_000))
                    .append('\n');
        }
        return text.toString();
    }
}
