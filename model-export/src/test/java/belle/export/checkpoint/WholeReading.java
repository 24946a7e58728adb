package belle.export.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads a whole checkpoint in a process of its own and prints what that took, as {@code name number} lines. */
final class WholeReading {
    private static final int PIECE = 1 << 16;

    private WholeReading() {}

    public static void main(String[] arguments) throws IOException {
        long readBytes = 0;
        double lastElements = 0;
        float[] piece = new float[PIECE];
        try (Checkpoint checkpoint = Checkpoints.open(Path.of(arguments[0]))) {
            for (TensorInfo tensor : checkpoint.tensors().values()) {
                int count = 0;
                for (long at = 0; at < tensor.elements(); at += count) {
                    count = (int) Math.min(PIECE, tensor.elements() - at);
                    checkpoint.read(tensor.name(), at, piece, 0, count);
                }
                readBytes += tensor.bytes();
                lastElements += piece[count - 1];
            }
        }
        System.out.println("readBytes " + readBytes);
        System.out.println("lastElements " + (long) lastElements);
        System.out.println("residentKilobytes " + residentKilobytes());
    }

    /** The most memory that was resident at any time so far. */
    private static String residentKilobytes() throws IOException {
        String status = Files.readString(Path.of("/proc/self/status"));
        return status.replaceFirst("(?s).*VmHWM:\\s*(\\d+) kB.*", "$1");
    }
}
