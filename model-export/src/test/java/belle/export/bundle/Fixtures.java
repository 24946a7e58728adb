package belle.export.bundle;

import java.nio.file.Path;

/** Finds the reference fixtures: in $BELLE_SHARED, or in the folder {@code shared} beside the repository. */
final class Fixtures {
    private Fixtures() {}

    static Path folder(String name) {
        String shared = System.getenv("BELLE_SHARED");
        Path root = shared != null
                ? Path.of(shared)
                : Path.of(System.getProperty("belle.root", ".")).resolve("../shared");
        return root.resolve("fixtures").resolve(name).normalize();
    }
}
