package belle.eval;

import belle.proto.WholeFile;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import javax.xml.transform.TransformerException;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.apache.batik.svggen.SVGGeneratorContext;
import org.apache.batik.svggen.SVGGraphics2D;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.XYLineAndShapeRenderer;
import org.jfree.chart.ui.RectangleInsets;
import org.jfree.data.xy.XYSeries;
import org.jfree.data.xy.XYSeriesCollection;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/**
 * The chart of scores against data size, one line a class, labelled in Chinese at its end.
 *
 * @param measure in percent
 */
public record SizeChart(Measure measure, List<Line> lines) {
    private static final int WIDTH = 960;
    private static final int HEIGHT = 600;
    /** Pixels of a PNG for one unit of the drawing, so that it can be printed. */
    private static final int SCALE = 3;

    private static final String SVG = "http://www.w3.org/2000/svg";
    private static final String TITLE = "各类任务得分与训练数据量";

    public SizeChart {
        lines = List.copyOf(lines);
    }

    /** A class's scores; {@code points} rise in size. */
    public record Line(String taskClass, List<Point> points) {
        public Line {
            points = List.copyOf(points);
        }
    }

    /** The mean score, in percent, of a model that was trained on so many examples. */
    public record Point(long size, double score) {}

    /** Takes the means of {@code results}, whose models were trained on {@code sizes} examples. */
    public static SizeChart of(List<EvalItem> items, List<ModelResult> results, List<Long> sizes, Measure measure) {
        List<Line> lines = new ArrayList<>();
        EvalSet.byClass(items).forEach((name, members) -> {
            List<Point> points = new ArrayList<>();
            for (long size : new TreeSet<>(sizes)) {
                ModelResult result = results.get(sizes.indexOf(size));
                members.stream()
                        .flatMapToDouble(item -> result.score(item, measure).stream())
                        .average()
                        .ifPresent(score -> points.add(new Point(size, score)));
            }
            if (!points.isEmpty()) {
                lines.add(new Line(name, points));
            }
        });
        return new SizeChart(measure, lines);
    }

    /** Draws into a file, whose name ends in {@code .svg} or {@code .png}. */
    public void write(Path file) throws IOException {
        boolean png = file.toString().endsWith(".png");
        WholeFile.write(file, png ? png() : svg());
    }

    private byte[] png() throws IOException {
        var image = new BufferedImage(WIDTH * SCALE, HEIGHT * SCALE, BufferedImage.TYPE_INT_RGB);
        var graphics = image.createGraphics();
        graphics.scale(SCALE, SCALE);
        chart(ChartFont.need(characters())).draw(graphics, new Rectangle2D.Double(0, 0, WIDTH, HEIGHT));
        graphics.dispose();
        var bytes = new ByteArrayOutputStream();
        ImageIO.write(image, "png", bytes);
        return bytes.toByteArray();
    }

    /** Text stays text; where the machine lacks the font, the viewer's is taken. */
    private byte[] svg() {
        var graphics = new SVGGraphics2D(SVGGeneratorContext.createDefault(document()), false);
        Optional<Font> font = ChartFont.find(characters());
        chart(font.orElse(new Font(Font.SANS_SERIF, Font.PLAIN, 1)))
                .draw(graphics, new Rectangle2D.Double(0, 0, WIDTH, HEIGHT));
        Element root = graphics.getRoot();
        root.setAttribute("viewBox", "0 0 " + WIDTH + " " + HEIGHT);
        root.setAttribute("role", "img");
        setFamily(root);
        return bytes(root);
    }

    /** As XML without the reference to a document type, which readers would look up. */
    private static byte[] bytes(Element root) {
        var bytes = new ByteArrayOutputStream();
        try {
            TransformerFactory.newInstance().newTransformer().transform(new DOMSource(root), new StreamResult(bytes));
        } catch (TransformerException e) {
            throw new IllegalStateException(e);
        }
        return bytes.toByteArray();
    }

    private static Document document() {
        try {
            return DocumentBuilderFactory.newInstance()
                    .newDocumentBuilder()
                    .getDOMImplementation()
                    .createDocument(SVG, "svg", null);
        } catch (ParserConfigurationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void setFamily(Element element) {
        if (element.hasAttribute("font-family")) {
            element.setAttribute(
                    "font-family",
                    ChartFont.FAMILIES.stream().map(name -> "'" + name + "'").collect(Collectors.joining(", "))
                            + ", sans-serif");
        }
        for (var child = element.getFirstChild(); child != null; child = child.getNextSibling()) {
            if (child instanceof Element inner) {
                setFamily(inner);
            }
        }
    }

    private String characters() {
        return lines.stream()
                .map(line -> ClassNames.chinese(line.taskClass()))
                .collect(Collectors.joining("", TITLE, "万条"));
    }

    private JFreeChart chart(Font font) {
        var sizes = lines.stream()
                .flatMap(line -> line.points().stream())
                .map(Point::size)
                .toList();
        var domain = new SizeAxis("训练数据量（条，对数刻度）", sizes);
        var range = new NumberAxis(measure.chinese() + "（满分100）");
        range.setRange(0, 100);
        for (var axis : List.of(domain, range)) {
            axis.setLabelFont(font.deriveFont(15f));
            axis.setTickLabelFont(font.deriveFont(14f));
            axis.setAxisLinePaint(Color.BLACK);
        }
        var plot = new XYPlot(new XYSeriesCollection(), domain, range, null);
        draw(plot, font.deriveFont(14f));
        plot.setBackgroundPaint(Color.WHITE);
        plot.setOutlineVisible(false);
        plot.setRangeGridlinePaint(new Color(0xd0d0d0));
        plot.setRangeGridlineStroke(new BasicStroke(0.5f));
        plot.setDomainGridlinesVisible(false);
        var chart = new JFreeChart(TITLE, font.deriveFont(Font.BOLD, 19f), plot, false);
        chart.setBackgroundPaint(Color.WHITE);
        chart.setPadding(new RectangleInsets(12, 12, 12, EndLabels.WIDTH));
        return chart;
    }

    private void draw(XYPlot plot, Font font) {
        var data = new XYSeriesCollection();
        var renderer = new XYLineAndShapeRenderer(true, true);
        List<EndLabels.Label> labels = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            Line line = lines.get(i);
            var series = new XYSeries(line.taskClass());
            line.points().forEach(point -> series.add((double) point.size(), point.score()));
            data.addSeries(series);
            LineStyle style = LineStyle.of(i);
            renderer.setSeriesPaint(i, style.color());
            renderer.setSeriesStroke(i, style.stroke());
            renderer.setSeriesShape(i, style.mark());
            renderer.setSeriesFillPaint(i, style.fill());
            renderer.setSeriesOutlinePaint(i, style.color());
            Point last = line.points().getLast();
            labels.add(new EndLabels.Label(ClassNames.chinese(line.taskClass()), last.size(), last.score(), style));
        }
        renderer.setUseFillPaint(true);
        renderer.setUseOutlinePaint(true);
        renderer.setDrawOutlines(true);
        renderer.setDefaultOutlineStroke(LineStyle.OUTLINE);
        renderer.addAnnotation(new EndLabels(labels, font));
        plot.setDataset(data);
        plot.setRenderer(renderer);
    }
}
