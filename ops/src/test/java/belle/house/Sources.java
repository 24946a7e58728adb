package belle.house;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The repository's own files. */
final class Sources {
    static final Path ROOT =
            Path.of(System.getProperty("belle.root")).toAbsolutePath().normalize();

    private Sources() {}

    /** Returns the source files of all modules whose names end in one of {@code suffixes}, in name order. */
    static List<Path> endingIn(String... suffixes) throws IOException {
        List<Path> files = new ArrayList<>();
        for (Path module : modules()) {
            try (var walk = Files.walk(module.resolve("src"))) {
                walk.filter(file -> Stream.of(suffixes).anyMatch(file.toString()::endsWith))
                        .forEach(files::add);
            }
        }
        return files.stream().sorted().toList();
    }

    private static List<Path> modules() throws IOException {
        try (var folders = Files.list(ROOT)) {
            return folders.filter(folder -> Files.exists(folder.resolve("pom.xml")))
                    .filter(folder -> Files.isDirectory(folder.resolve("src")))
                    .toList();
        }
    }
}
