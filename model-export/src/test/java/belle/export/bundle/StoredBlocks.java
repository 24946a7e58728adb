package belle.export.bundle;

import belle.proto.bundle.Bundle;
import belle.proto.bundle.Manifest;
import belle.proto.bundle.Manifest.TensorEntry;
import belle.proto.bundle.WeightType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Objects;

/** Reads a quantised matrix of a bundle, from what the format's description says. */
final class StoredBlocks {
    private static final int TILE = 64;

    private StoredBlocks() {}

    /** Returns the weights [outputs][inputs] in the model's order of inputs. */
    static float[][] read(Bundle bundle, String name) throws IOException {
        Manifest manifest = bundle.manifest();
        TensorEntry entry = Objects.requireNonNull(manifest.tensors().get(name));
        ByteBuffer bytes = bytes(bundle, entry);
        int outputs = entry.dims().getFirst();
        int inputs = entry.dims().getLast();
        int group = manifest.group();
        boolean nibbles = entry.type().equals("q4");
        int codeBytes = TILE * group / (nibbles ? 2 : 1);
        int blockBytes = codeBytes + 5 * TILE;
        List<Integer> places = entry.leafInputs().isEmpty() ? List.of(0, inputs) : entry.leafInputs();
        float[][] weights = new float[outputs][inputs];
        int block = 0;
        for (int leaf = 0; leaf + 1 < places.size(); leaf++) {
            int from = (places.get(leaf) + group - 1) / group;
            int to = (places.get(leaf + 1) + group - 1) / group;
            for (int tile = 0; tile < (outputs + TILE - 1) / TILE; tile++) {
                for (int of = from; of < to; of++, block++) {
                    ByteBuffer at = bytes.slice(block * blockBytes, blockBytes).order(ByteOrder.LITTLE_ENDIAN);
                    for (int k = of * group; k < Math.min(inputs, (of + 1) * group); k++) {
                        for (int n = 0; n < Math.min(TILE, outputs - tile * TILE); n++) {
                            int code = code(at, nibbles, k - of * group, n);
                            int zero = Byte.toUnsignedInt(at.get(codeBytes + 4 * TILE + n));
                            weights[tile * TILE + n][k] = at.getFloat(codeBytes + 4 * n) * (code - zero);
                        }
                    }
                }
            }
        }
        return ordered(bundle, name, weights);
    }

    private static int code(ByteBuffer block, boolean nibbles, int k, int n) {
        if (!nibbles) {
            return Byte.toUnsignedInt(block.get((k / 4 * TILE + n) * 4 + k % 4));
        }
        int both = Byte.toUnsignedInt(block.get((k / 8 * TILE + n) * 4 + k % 4));
        return k % 8 < 4 ? both & 15 : both >> 4;
    }

    private static float[][] ordered(Bundle bundle, String name, float[][] weights) throws IOException {
        String order = name.replaceFirst("attention\\.[qkv]\\.weight", "attention.qkv.order")
                .replaceFirst("mlp\\.(gate|up)\\.weight", "mlp.up.order")
                .replaceFirst("\\.weight$", ".order");
        TensorEntry entry = bundle.manifest().tensors().get(order);
        if (entry == null) {
            return weights;
        }
        ByteBuffer places = bytes(bundle, entry);
        float[][] inOrder = new float[weights.length][];
        for (int n = 0; n < weights.length; n++) {
            inOrder[n] = new float[weights[n].length];
            for (int k = 0; k < weights[n].length; k++) {
                inOrder[n][places.getInt(4 * k)] = weights[n][k];
            }
        }
        return inOrder;
    }

    private static ByteBuffer bytes(Bundle bundle, TensorEntry entry) throws IOException {
        try (FileChannel file = FileChannel.open(bundle.file(Manifest.WEIGHTS_FILE), StandardOpenOption.READ)) {
            ByteBuffer bytes =
                    ByteBuffer.allocate(Math.toIntExact(entry.bytes())).order(ByteOrder.LITTLE_ENDIAN);
            file.read(bytes, entry.offset());
            return bytes.flip();
        }
    }

    static boolean isQuantised(TensorEntry entry) {
        return WeightType.of(entry.type()).orElseThrow().isQuantised();
    }
}
