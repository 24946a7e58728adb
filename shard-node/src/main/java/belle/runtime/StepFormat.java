package belle.runtime;

import belle.engine.BlockCopy;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.List;

/** How a packed step goes to a rank's process: its number, its copies, and the graph's inputs, each behind its length. */
final class StepFormat {
    private StepFormat() {}

    /** A step as a rank's process reads it. */
    record Received(long number, List<BlockCopy> copies) {}

    static void write(DataOutputStream out, long number, List<BlockCopy> copies, PackedStep packed) throws IOException {
        out.writeLong(number);
        out.writeInt(copies.size());
        for (BlockCopy copy : copies) {
            out.writeInt(copy.from());
            out.writeInt(copy.to());
        }
        out.writeInt(packed.sequences());
        out.writeInt(packed.tableWidth());
        longs(out, packed.inputIds());
        ints(out, packed.cuSeqlens());
        ints(out, packed.pastLens());
        ints(out, packed.blockTable());
        longs(out, packed.logitRows());
        out.flush();
    }

    /** Reads a step; its inputs are in {@code packed} then. An {@link java.io.EOFException} says that the node is gone. */
    static Received read(DataInputStream in, PackedStep packed) throws IOException {
        long number = in.readLong();
        int count = in.readInt();
        List<BlockCopy> copies = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            copies.add(new BlockCopy(in.readInt(), in.readInt()));
        }
        packed.take(in.readInt(), in.readInt(), longs(in), ints(in), ints(in), ints(in), longs(in));
        return new Received(number, copies);
    }

    private static void longs(DataOutputStream out, LongBuffer values) throws IOException {
        out.writeInt(values.limit());
        for (int i = 0; i < values.limit(); i++) {
            out.writeLong(values.get(i));
        }
    }

    private static void ints(DataOutputStream out, IntBuffer values) throws IOException {
        out.writeInt(values.limit());
        for (int i = 0; i < values.limit(); i++) {
            out.writeInt(values.get(i));
        }
    }

    private static long[] longs(DataInputStream in) throws IOException {
        long[] values = new long[in.readInt()];
        for (int i = 0; i < values.length; i++) {
            values[i] = in.readLong();
        }
        return values;
    }

    private static int[] ints(DataInputStream in) throws IOException {
        int[] values = new int[in.readInt()];
        for (int i = 0; i < values.length; i++) {
            values[i] = in.readInt();
        }
        return values;
    }
}
