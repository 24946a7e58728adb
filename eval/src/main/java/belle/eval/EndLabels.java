package belle.eval;

import java.awt.BasicStroke;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.geom.Line2D;
import java.awt.geom.Rectangle2D;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jfree.chart.annotations.AbstractXYAnnotation;
import org.jfree.chart.axis.ValueAxis;
import org.jfree.chart.plot.PlotRenderingInfo;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.ui.RectangleEdge;

/** The lines' names, each beside its line's last point, moved apart where they would cover each other. */
final class EndLabels extends AbstractXYAnnotation {
    /** The room on the chart's right side. */
    static final int WIDTH = 120;

    private static final int GAP = 22;
    /** Room about a mark. */
    private static final int MARK = 9;

    private final List<Label> labels;
    private final Font font;

    /** A name at a point of the data, and how its line is drawn. */
    record Label(String name, double x, double y, LineStyle style) {}

    EndLabels(List<Label> labels, Font font) {
        this.labels = List.copyOf(labels);
        this.font = font;
    }

    @Override
    public void draw(
            Graphics2D g2,
            XYPlot plot,
            Rectangle2D area,
            ValueAxis domain,
            ValueAxis range,
            int index,
            PlotRenderingInfo info) {
        var clip = g2.getClip();
        g2.setClip(null);
        g2.setFont(font);
        List<Label> order = labels.stream()
                .sorted(Comparator.comparingDouble(Label::y).reversed())
                .toList();
        double height = font.getSize2D() * 1.25;
        List<Double> wanted = order.stream()
                .map(label -> range.valueToJava2D(label.y(), area, RectangleEdge.LEFT))
                .toList();
        List<Double> places = apart(wanted, height, area.getMinY(), area.getMaxY());
        double x = area.getMaxX() + GAP;
        for (int i = 0; i < order.size(); i++) {
            Label label = order.get(i);
            double from = domain.valueToJava2D(label.x(), area, RectangleEdge.BOTTOM);
            double y = places.get(i);
            g2.setColor(label.style().color());
            g2.setStroke(new BasicStroke(0.6f));
            g2.draw(new Line2D.Double(from + MARK, wanted.get(i), x - MARK, y));
            label.style().drawMark(g2, x, y);
            g2.drawString(label.name(), (float) (x + MARK), (float) (y + font.getSize2D() * 0.36));
        }
        g2.setClip(clip);
    }

    /**
     * Moves places, which rise, so that neighbours are {@code gap} apart: those that touch are spread about their middle (the
     * pool-adjacent-violators algorithm), within the bounds as far as they fit.
     */
    static List<Double> apart(List<Double> wanted, double gap, double least, double most) {
        List<Group> groups = new ArrayList<>();
        for (double place : wanted) {
            groups.add(new Group(1, place));
            while (groups.size() > 1) {
                Group last = groups.getLast();
                Group before = groups.get(groups.size() - 2);
                if (before.end(gap, least, most) + gap <= last.begin(gap, least, most)) {
                    break;
                }
                groups.removeLast();
                groups.removeLast();
                groups.add(before.with(last, gap));
            }
        }
        List<Double> places = new ArrayList<>();
        for (Group group : groups) {
            for (int i = 0; i < group.size(); i++) {
                places.add(group.begin(gap, least, most) + i * gap);
            }
        }
        return places;
    }

    /** Labels that stand one below another; {@code first} is where the first one would best be. */
    private record Group(int size, double first) {
        double begin(double gap, double least, double most) {
            return Math.max(least, Math.min(first, most - (size - 1) * gap));
        }

        double end(double gap, double least, double most) {
            return begin(gap, least, most) + (size - 1) * gap;
        }

        Group with(Group next, double gap) {
            int all = size + next.size;
            return new Group(all, (first * size + (next.first - size * gap) * next.size) / all);
        }
    }
}
