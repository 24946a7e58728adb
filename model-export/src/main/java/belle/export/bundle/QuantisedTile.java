package belle.export.bundle;

import belle.export.checkpoint.QuantisedForm;
import belle.export.checkpoint.QuantisedRows;
import belle.export.checkpoint.QuantisedTensor;
import belle.proto.bundle.WeightType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;

/**
 * One column tile of a quantised matrix on its way to the file: 64 outputs, group by group (codes, scales, zeros), the groups
 * of each leaf together. Groups of the source that are larger than the bundle's repeat their scale.
 */
final class QuantisedTile {
    private static final int TILE = WeightType.TILE;
    /** Inputs that lie together in a code quad. */
    private static final int QUAD = 4;

    private final QuantisedForm form;
    private final WeightType type;
    private final int group;
    private final int rows;
    private final QuantisedRows values;

    /** {@code rows} of the 64 outputs exist. */
    QuantisedTile(QuantisedTensor source, WeightType type, int group, int rows) {
        this.type = type;
        this.group = group;
        this.rows = rows;
        this.form = source.form();
        this.values = new QuantisedRows(rows, form.inputs(), form.groups());
    }

    /** Where the tile's outputs are read to. */
    QuantisedRows values() {
        return values;
    }

    /** Writes groups {@code [from, to)} at {@code position}; returns the bytes written. */
    long write(FileChannel file, long position, int from, int to) throws IOException {
        var bytes = ByteBuffer.allocate((to - from) * type.blockBytes(group)).order(ByteOrder.LITTLE_ENDIAN);
        for (int of = from; of < to; of++) {
            block(of, bytes);
        }
        return Scratch.drain(file, position, bytes.flip());
    }

    private void block(int of, ByteBuffer out) {
        boolean nibbles = type == WeightType.Q4;
        int step = nibbles ? 2 * QUAD : QUAD;
        for (int input = of * group; input < (of + 1) * group; input += step) {
            for (int output = 0; output < TILE; output++) {
                for (int i = input; i < input + QUAD; i++) {
                    out.put((byte) (nibbles ? code(output, i) | code(output, i + QUAD) << 4 : code(output, i)));
                }
            }
        }
        int sourceGroup = Math.min(of * group / form.group(), form.groups() - 1);
        for (int output = 0; output < TILE; output++) {
            out.putFloat(output < rows ? values.scale(output, sourceGroup) : 0);
        }
        for (int output = 0; output < TILE; output++) {
            out.put((byte) (output < rows ? values.zero(output, sourceGroup) : 0));
        }
    }

    private int code(int output, int input) {
        return output < rows && input < form.inputs() ? values.code(output, input) : 0;
    }
}
