package belle.eval;

import java.awt.Graphics2D;
import java.awt.geom.Rectangle2D;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import org.jfree.chart.axis.AxisState;
import org.jfree.chart.axis.LogAxis;
import org.jfree.chart.axis.NumberTick;
import org.jfree.chart.ui.RectangleEdge;
import org.jfree.chart.ui.TextAnchor;

/** A logarithmic axis of data sizes, marked at the sizes that there are. */
final class SizeAxis extends LogAxis {
    private static final long TEN_THOUSAND = 10_000;

    private final TreeSet<Long> sizes;

    SizeAxis(String label, Collection<Long> sizes) {
        super(label);
        this.sizes = new TreeSet<>(sizes);
        double margin = Math.pow((double) this.sizes.last() / this.sizes.first(), 0.04) * 1.02;
        setRange(this.sizes.first() / margin, this.sizes.last() * margin);
    }

    @Override
    public List<NumberTick> refreshTicks(Graphics2D g2, AxisState state, Rectangle2D dataArea, RectangleEdge edge) {
        return sizes.stream()
                .map(size -> new NumberTick(size, text(size), TextAnchor.TOP_CENTER, TextAnchor.CENTER, 0))
                .toList();
    }

    /** A size as it is written in Chinese: 5000, 1.5万, 20万. */
    static String text(long size) {
        if (size < TEN_THOUSAND) {
            return Long.toString(size);
        }
        return size % TEN_THOUSAND == 0
                ? size / TEN_THOUSAND + "万"
                : Double.toString((double) size / TEN_THOUSAND) + "万";
    }
}
