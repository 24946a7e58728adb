package belle.eval;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.Shape;
import java.awt.geom.AffineTransform;
import java.awt.geom.Area;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.util.List;

/**
 * How a class is drawn, so that it is known without colour: by its mark, filled or hollow, and its dashes. The colours are of like
 * darkness and told apart by most colour-blind eyes (after Okabe and Ito 2008).
 */
record LineStyle(Color color, Shape mark, boolean filled, BasicStroke stroke) {
    /** Of marks. */
    static final BasicStroke OUTLINE = new BasicStroke(1.4f);

    private static final List<Color> COLORS = List.of(
            new Color(0x0072b2), new Color(0xb84a00), new Color(0x00795c), new Color(0xa3457f), new Color(0x3f3f3f));
    private static final List<Shape> MARKS = List.of(
            new Ellipse2D.Double(-4, -4, 8, 8),
            new Rectangle2D.Double(-3.6, -3.6, 7.2, 7.2),
            polygon(3, -90),
            polygon(4, 0),
            polygon(3, 90),
            cross());
    private static final List<float[]> DASHES =
            List.of(new float[] {1, 0}, new float[] {7, 3}, new float[] {2, 3}, new float[] {9, 3, 2, 3});

    /** The style of line number {@code index}; 60 differ in all, the first 12 in their marks. */
    static LineStyle of(int index) {
        int mark = index % MARKS.size();
        boolean filled = index / MARKS.size() % 2 == 0;
        float[] dash = DASHES.get(index % DASHES.size());
        return new LineStyle(
                COLORS.get(index % COLORS.size()),
                MARKS.get(mark),
                filled,
                new BasicStroke(1.6f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, dash, 0));
    }

    /** What a mark is filled with. */
    Color fill() {
        return filled ? color : Color.WHITE;
    }

    /** Draws the mark about a point, as the chart draws it. */
    void drawMark(Graphics2D g2, double x, double y) {
        Shape placed = AffineTransform.getTranslateInstance(x, y).createTransformedShape(mark);
        g2.setPaint(fill());
        g2.fill(placed);
        g2.setPaint(color);
        g2.setStroke(OUTLINE);
        g2.draw(placed);
    }

    private static Shape polygon(int corners, double degrees) {
        var path = new Path2D.Double();
        for (int i = 0; i < corners; i++) {
            double angle = Math.toRadians(degrees + 360.0 * i / corners);
            double x = 5.2 * Math.cos(angle);
            double y = 5.2 * Math.sin(angle);
            if (i == 0) {
                path.moveTo(x, y);
            } else {
                path.lineTo(x, y);
            }
        }
        path.closePath();
        return path;
    }

    private static Shape cross() {
        var cross = new Area(new Rectangle2D.Double(-5, -1.7, 10, 3.4));
        cross.add(new Area(new Rectangle2D.Double(-1.7, -5, 3.4, 10)));
        return cross.createTransformedArea(AffineTransform.getRotateInstance(Math.PI / 4));
    }
}
