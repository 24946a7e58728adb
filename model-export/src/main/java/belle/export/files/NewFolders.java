package belle.export.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Folders that were made on the way to a file, to be taken back where nothing came of it. */
public final class NewFolders {
    private final List<Path> made;

    private NewFolders(List<Path> made) {
        this.made = made;
    }

    /** Makes {@code folder} and those above it that are missing. */
    public static NewFolders make(Path folder) throws IOException {
        List<Path> missing = new ArrayList<>();
        for (Path at = folder.toAbsolutePath(); at != null && !Files.exists(at); at = at.getParent()) {
            missing.add(at);
        }
        var folders = new NewFolders(missing);
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            folders.takeBack();
            throw e;
        }
        return folders;
    }

    /** Deletes what was made, as far as it is empty. */
    public void takeBack() {
        try {
            for (Path innermost : made) {
                Files.deleteIfExists(innermost);
            }
        } catch (IOException e) {
            // Somebody has put something there: it stays, and so do the folders above it.
        }
    }
}
