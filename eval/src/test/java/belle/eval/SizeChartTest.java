package belle.eval;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SizeChartTest {
    private static final List<Long> SIZES = List.of(200_000L, 5000L, 2_000_000L, 15_000L);
    private static final List<String> CLASSES = List.of(
            "open qa",
            "closed qa",
            "brainstorming",
            "rewrite",
            "generation",
            "math",
            "classification",
            "summarization",
            "code",
            "extract",
            "translation",
            "古诗");

    private static SizeChart chart() {
        List<EvalItem> items = new ArrayList<>();
        for (int i = 0; i < CLASSES.size(); i++) {
            items.add(new EvalItem(i + 1, "问", "答", CLASSES.get(i)));
        }
        List<ModelResult> results = SIZES.stream()
                .map(size ->
                        Results.judged("m" + size, items, "好", item -> item.number() / 20.0 + Math.log10(size) / 20))
                .toList();
        return SizeChart.of(items, results, SIZES, Measure.JUDGE);
    }

    @Test
    void look() throws Exception {
        chart().write(Path.of("target/c.svg"));
        chart().write(Path.of("target/c.png"));
    }
}
