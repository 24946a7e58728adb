package belle.export.checkpoint;

import java.util.List;
import java.util.Map;

/** Builds torch zip files, sound ones and, with a pickle of the caller's, broken ones. */
final class TorchBytes {
    private TorchBytes() {}

    static byte[] of(String folder, DType type, Map<String, List<Long>> shapes, Map<String, byte[]> data) {
        PickleBytes pickle = new PickleBytes().orderedDict().op('(');
        int key = 0;
        for (String name : data.keySet()) {
            List<Long> shape = shapes.getOrDefault(name, List.of());
            long elements = StoredTensor.elements(shape);
            pickle.text(name)
                    .tensor(
                            storageClass(type),
                            Integer.toString(key++),
                            elements,
                            0,
                            shape,
                            StoredTensor.rowMajor(shape));
        }
        pickle.op('u', '}').text("_metadata").orderedDict().op('s', 'b');
        return zip(folder, pickle.stop(), data.values(), false).end();
    }

    /** An archive with the given pickle and the storages 0, 1, … */
    static ZipBytes zip(String folder, byte[] pickle, Iterable<byte[]> storages, boolean zip64) {
        ZipBytes zip = new ZipBytes(zip64)
                .add(folder + "/data.pkl", pickle)
                .add(folder + "/.format_version", "1")
                .add(folder + "/byteorder", "little");
        int key = 0;
        for (byte[] storage : storages) {
            zip.add(folder + "/data/" + key++, storage);
        }
        return zip.add(folder + "/version", "3\n").add(folder + "/.data/serialization_id", "0".repeat(40));
    }

    static String storageClass(DType type) {
        return switch (type) {
            case F16 -> "HalfStorage";
            case BF16 -> "BFloat16Storage";
            default -> "FloatStorage";
        };
    }
}
