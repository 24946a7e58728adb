package belle.house;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreeScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Every source file of every module can be read in one sitting, every method on one screen. */
class TidyTest {
    private static final int MOST_FILE_LINES = 400;
    private static final int MOST_METHOD_LINES = 60;

    @Test
    void filesFitTheReader() throws IOException {
        List<String> tooLong = new ArrayList<>();
        for (Path file : Sources.endingIn(".java", ".cc", ".h", ".py", ".js", ".css", ".html")) {
            long lines;
            try (var all = Files.lines(file)) {
                lines = all.count();
            }
            if (lines > MOST_FILE_LINES) {
                tooLong.add(Sources.ROOT.relativize(file) + " has " + lines + " lines");
            }
        }
        assertThat(tooLong).isEmpty();
    }

    @Test
    void methodsFitOneScreen() throws IOException {
        var compiler = ToolProvider.getSystemJavaCompiler();
        List<String> tooLong = new ArrayList<>();
        try (var files = compiler.getStandardFileManager(null, null, null)) {
            var sources = files.getJavaFileObjectsFromPaths(Sources.endingIn(".java"));
            var task = (JavacTask) compiler.getTask(null, files, null, null, null, sources);
            var positions = Trees.instance(task).getSourcePositions();
            for (CompilationUnitTree unit : task.parse()) {
                new TreeScanner<@Nullable Void, @Nullable Void>() {
                    @Override
                    public @Nullable Void visitMethod(MethodTree method, @Nullable Void ignored) {
                        var lines = unit.getLineMap();
                        long first = lines.getLineNumber(positions.getStartPosition(unit, method));
                        long last = lines.getLineNumber(positions.getEndPosition(unit, method));
                        if (last - first >= MOST_METHOD_LINES) {
                            tooLong.add(unit.getSourceFile().getName() + ":" + first + " " + method.getName() + " has "
                                    + (last - first + 1) + " lines");
                        }
                        return super.visitMethod(method, null);
                    }
                }.scan(unit, null);
            }
        }
        assertThat(tooLong).isEmpty();
    }
}
