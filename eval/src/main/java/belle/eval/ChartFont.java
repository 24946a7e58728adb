package belle.eval;

import belle.proto.Failure;
import belle.proto.FailureException;
import java.awt.Font;
import java.awt.GraphicsEnvironment;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Fonts that can show a chart's Chinese. */
final class ChartFont {
    /** What a viewer of an SVG may have, the best first. */
    static final List<String> FAMILIES = List.of(
            "Noto Sans CJK SC",
            "Source Han Sans SC",
            "PingFang SC",
            "Hiragino Sans GB",
            "Microsoft YaHei",
            "WenQuanYi Zen Hei",
            "SimHei");

    private ChartFont() {}

    /** A font of this machine that has all characters of {@code text}. */
    static Optional<Font> find(String text) {
        List<String> known =
                Arrays.asList(GraphicsEnvironment.getLocalGraphicsEnvironment().getAvailableFontFamilyNames());
        return Stream.concat(FAMILIES.stream().filter(known::contains), known.stream())
                .map(family -> new Font(family, Font.PLAIN, 1))
                .filter(font -> font.canDisplayUpTo(text) < 0)
                .findFirst();
    }

    /** The same, or a failure that tells what to do. */
    static Font need(String text) {
        return find(text)
                .orElseThrow(
                        () -> new FailureException(
                                new Failure.Invalid(
                                        "--chart",
                                        "no font on this machine has the chart's Chinese characters: install one (fonts-noto-cjk), or draw an .svg")));
    }
}
