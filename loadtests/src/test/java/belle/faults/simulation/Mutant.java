package belle.faults.simulation;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import javax.tools.ToolProvider;

/**
 * The system with a bug planted in it: a patch of one source file, below a sentence that says what is wrong and the name of
 * the property that the simulation must find broken.
 */
record Mutant(String name, String sentence, String property, Path patch) {
    private static final Path ROOT = Path.of(System.getProperty("belle.root", ".."));
    private static final String CAUGHT_BY = "Caught by: ";
    private static final String SOURCE = "--- a/";

    static Mutant read(Path patch) throws IOException {
        List<String> lines = Files.readAllLines(patch);
        String name = patch.getFileName().toString().replace(".patch", "");
        return new Mutant(name, lines.getFirst(), lines.get(1).replace(CAUGHT_BY, ""), patch);
    }

    /** Lets the simulation look for the bug in seeds below {@code end}; returns its report, "" where it finds none. */
    String hunt(Path folder, long end) throws IOException, InterruptedException, ReflectiveOperationException {
        try (var classes = new Classes(compiled(folder))) {
            return (String) Class.forName(Seeds.class.getName(), true, classes)
                    .getMethod("reportOf", String.class, long.class)
                    .invoke(null, property, end);
        }
    }

    private Path compiled(Path folder) throws IOException, InterruptedException {
        Path source = patched(folder);
        Path classes = Files.createDirectories(folder.resolve("classes"));
        int status = ToolProvider.getSystemJavaCompiler()
                .run(
                        null,
                        null,
                        null,
                        "-proc:none",
                        "-nowarn",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "-d",
                        classes.toString(),
                        source.toString());
        if (status != 0) {
            throw new AssertionError("mutant " + name + " does not compile");
        }
        return classes;
    }

    private Path patched(Path folder) throws IOException, InterruptedException {
        String file = Files.readAllLines(patch).stream()
                .filter(line -> line.startsWith(SOURCE))
                .map(line -> line.substring(SOURCE.length()).strip())
                .findFirst()
                .orElseThrow();
        Path copy = folder.resolve(file);
        Files.createDirectories(copy.getParent());
        Files.copy(ROOT.resolve(file), copy);
        var command = new ProcessBuilder(
                        "git", "apply", "--verbose", patch.toAbsolutePath().toString())
                .directory(folder.toFile())
                .redirectErrorStream(true);
        // Not the repository that the folder may lie in: git would leave out what is not below it.
        command.environment()
                .put(
                        "GIT_CEILING_DIRECTORIES",
                        Objects.requireNonNull(folder.toAbsolutePath().getParent())
                                .toString());
        var git = command.start();
        String said = new String(git.getInputStream().readAllBytes(), UTF_8);
        boolean ended = git.waitFor(30, TimeUnit.SECONDS);
        if (!ended || git.exitValue() != 0 || Files.mismatch(ROOT.resolve(file), copy) < 0) {
            throw new AssertionError("mutant " + name + " does not apply any more: " + said);
        }
        return copy;
    }

    /** This repository's classes once more, those of the mutant in front. */
    private static final class Classes extends URLClassLoader {
        Classes(Path mutant) throws MalformedURLException {
            super(urls(mutant), Classes.class.getClassLoader());
        }

        private static URL[] urls(Path mutant) throws MalformedURLException {
            List<URL> urls = new ArrayList<>();
            urls.add(mutant.toUri().toURL());
            for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
                urls.add(Path.of(entry).toUri().toURL());
            }
            return urls.toArray(URL[]::new);
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.startsWith("belle.")) {
                return super.loadClass(name, resolve);
            }
            synchronized (getClassLoadingLock(name)) {
                Class<?> known = findLoadedClass(name);
                return known != null ? known : findClass(name);
            }
        }
    }
}
