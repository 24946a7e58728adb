package belle.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import belle.proto.FailureException;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

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

    @TempDir
    private Path folder;

    private static SizeChart chart() {
        List<EvalItem> items = new ArrayList<>();
        for (int i = 0; i < CLASSES.size(); i++) {
            items.add(new EvalItem(i + 1, "问", "答", CLASSES.get(i)));
        }
        List<ModelResult> results = SIZES.stream()
                .map(size -> Results.judged("m" + size, items, "好", item -> score(item.number(), size)))
                .toList();
        return SizeChart.of(items, results, SIZES, Measure.JUDGE);
    }

    private static double score(long number, long size) {
        return number / 20.0 + Math.log10((double) size) / 20;
    }

    @Test
    void aLineHasTheMeansInTheOrderOfTheSizes() {
        assertThat(chart().lines()).extracting(SizeChart.Line::taskClass).containsExactlyInAnyOrderElementsOf(CLASSES);
        SizeChart.Line math = chart().lines().get(6);
        assertThat(math.taskClass()).isEqualTo("math");
        assertThat(math.points())
                .extracting(SizeChart.Point::size)
                .containsExactly(5000L, 15_000L, 200_000L, 2_000_000L);
        assertThat(math.points().getFirst().score()).isCloseTo(100 * score(6, 5000), within(1e-9));
    }

    @Test
    void theSvgHasAllLabelsAndPoints() throws Exception {
        Path file = folder.resolve("c.svg");
        chart().write(file);
        var svg = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(file.toFile());
        assertThat(svg.getDoctype()).isNull();
        assertThat(texts(svg.getElementsByTagName("text")))
                .contains("开放问答", "封闭问答", "头脑风暴", "改写", "生成", "数学", "分类", "摘要", "代码", "抽取", "翻译", "古诗")
                .contains("5000", "1.5万", "20万", "200万", "各类任务得分与训练数据量");
        List<String> circles = new ArrayList<>();
        int marks = 0;
        NodeList paths = svg.getElementsByTagName("path");
        for (int i = 0; i < paths.getLength(); i++) {
            var path = (Element) paths.item(i);
            if (inherited(path, "stroke-width").equals("1.4")
                    && inherited(path, "fill").equals("none")) {
                marks++;
                if (path.getAttribute("d").matches("M[^A-Z]*C.*")
                        && inherited(path, "stroke").equals("rgb(0,114,178)")) {
                    circles.add(path.getAttribute("d").replaceAll("M\\S+ (\\S+) .*", "$1"));
                }
            }
        }
        assertThat(marks).as("one for each point and each name").isEqualTo(12 * (4 + 1));
        // Brainstorming is the first line in order: blue circles. How high a point of the scale is, the font decides.
        double unit = rise(circles, 3) / points(3);
        assertThat(unit).isBetween(4.0, 6.0);
        for (int i = 1; i < 3; i++) {
            assertThat(rise(circles, i)).isCloseTo(unit * points(i), within(0.5));
        }
    }

    private static double rise(List<String> circles, int to) {
        return Double.parseDouble(circles.get(0)) - Double.parseDouble(circles.get(to));
    }

    private static double points(int to) {
        List<Long> sizes = SIZES.stream().sorted().toList();
        return 100 * (score(3, sizes.get(to)) - score(3, sizes.getFirst()));
    }

    private static String inherited(Element element, String attribute) {
        Element at = element;
        while (!at.hasAttribute(attribute)) {
            at = (Element) at.getParentNode();
        }
        return at.getAttribute(attribute);
    }

    private static List<String> texts(NodeList nodes) {
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < nodes.getLength(); i++) {
            texts.add(nodes.item(i).getTextContent());
        }
        return texts;
    }

    @Test
    void thePngShowsTheLines() throws IOException {
        assumeTrue(ChartFont.find("开放问答").isPresent(), "no font for Chinese on this machine");
        Path file = folder.resolve("c.png");
        chart().write(file);
        BufferedImage image = ImageIO.read(file.toFile());
        assertThat(image.getWidth()).isEqualTo(2880);
        Set<Integer> colors = new HashSet<>();
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                colors.add(image.getRGB(x, y));
            }
        }
        for (int i = 0; i < 5; i++) {
            assertThat(colors).contains(LineStyle.of(i).color().getRGB());
        }
    }

    @Test
    void charactersThatNoFontHasAreOneClearLine() {
        assertThatThrownBy(() -> ChartFont.need("好\udb80\udc00"))
                .isInstanceOf(FailureException.class)
                .hasMessageContaining("fonts-noto-cjk");
    }

    @Test
    void namesThatWouldTouchAreMovedApartAndStayInside() {
        assertThat(EndLabels.apart(List.of(10.0, 50.0, 52.0, 90.0), 10, 0, 100))
                .containsExactly(10.0, 46.0, 56.0, 90.0);
        assertThat(EndLabels.apart(List.of(1.0, 1.0, 1.0, 99.0), 10, 0, 100)).containsExactly(0.0, 10.0, 20.0, 99.0);
        assertThat(EndLabels.apart(List.of(95.0, 99.0, 100.0), 10, 0, 100)).containsExactly(80.0, 90.0, 100.0);
    }
}
