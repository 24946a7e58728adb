package belle.eval;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportPageTest {
    private static final String BEGIN = "<script type=\"application/json\" id=\"data\">";
    private static final String HOSTILE =
            "</script><script>alert(1)</script><!-- <b>&amp; {{data}} {{script}} $1 \\ \"'\u2028\u2029\u0000 \ud83d\ude00 ]]>";
    private static final List<EvalItem> ITEMS =
            List.of(new EvalItem(1, HOSTILE, "参考" + HOSTILE, "closed qa"), new EvalItem(2, "问", "", HOSTILE));

    @TempDir
    private Path folder;

    private static JsonNode data(String html) throws IOException {
        int begin = html.indexOf(BEGIN) + BEGIN.length();
        return new ObjectMapper().readTree(html.substring(begin, html.indexOf("</script>", begin)));
    }

    @Test
    void textsComeBackAsTheyWereWhateverTheyHold() throws IOException {
        Path file = folder.resolve("p.html");
        List<ModelResult> results = List.of(
                Results.judged("a", ITEMS, HOSTILE, _ -> 0.5),
                Results.judged("b", ITEMS, "好", item -> item.number() == 1 ? Double.NaN : 1));
        ReportPage.write(file, HOSTILE, ITEMS, results);
        String html = Files.readString(file);
        JsonNode data = data(html);
        assertThat(data.path("set").asText()).isEqualTo(HOSTILE);
        assertThat(data.at("/items/0/question").asText()).isEqualTo(HOSTILE);
        assertThat(data.at("/items/0/reference").asText()).isEqualTo("参考" + HOSTILE);
        assertThat(data.at("/items/1/class").asText()).isEqualTo(HOSTILE);
        assertThat(data.at("/items/0/answers/0/text").asText()).isEqualTo(HOSTILE);
        assertThat(data.at("/items/0/answers/0/said").asText()).isEqualTo(HOSTILE);
        assertThat(data.at("/items/0/answers/0/judge").asDouble()).isEqualTo(50);
        assertThat(data.at("/items/0/answers/1/judge").isNull()).isTrue();
        assertThat(data.at("/items/1/answers/1/rougeL").isNull()).isTrue();
        assertThat(data.path("classes").findValuesAsText("chinese")).contains("封闭问答");
        assertThat(data.path("measures").findValuesAsText("field")).containsExactly("judge", "rougeL");
        assertThat(html.split("<script", -1)).hasSize(3);
        assertThat(html).doesNotContain("alert(1)</script>");
    }

    @Test
    void thePageAsksForNothingElse() {
        String html = ReportPage.html("s", ITEMS, List.of(Results.judged("a", ITEMS, "好", _ -> 0)));
        assertThat(html).contains("default-src 'none'").doesNotContain("http://", "https://", "src=\"", "href=\"");
    }
}
