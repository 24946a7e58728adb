package belle.proto;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Objects;

/** Says in words what an exception of the file system says by its class. */
public final class FileReason {
    private FileReason() {}

    /** Returns the file, where the exception names one, and what is wrong with it. */
    public static String of(IOException problem) {
        return switch (problem) {
            case NoSuchFileException e -> e.getFile() + ": no such file or folder";
            case NotDirectoryException e -> e.getFile() + ": is no folder";
            case AccessDeniedException e -> e.getFile() + ": permission denied";
            case FileAlreadyExistsException e -> e.getFile() + ": is there already";
            case FileSystemException e ->
                e.getFile() + ": " + Objects.requireNonNullElse(e.getReason(), "cannot be used");
            default -> Objects.requireNonNullElse(problem.getMessage(), problem.toString());
        };
    }
}
