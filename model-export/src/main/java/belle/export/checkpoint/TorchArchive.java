package belle.export.checkpoint;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * PyTorch's zip format: {@code NAME/data.pkl} describes the tensors, {@code NAME/data/KEY} are their storages, and
 * {@code NAME/byteorder}, where it is there, must say little (torch/serialization.py describes the layout).
 */
final class TorchArchive {
    private static final int ZIP_MAGIC = 'P' | 'K' << 8;
    private static final int PICKLE_MAGIC = 0x80;
    private static final String PICKLE = "/data.pkl";
    private static final int MOST_PICKLE_BYTES = 16 << 20;
    private static final int MOST_DIMENSIONS = 8;

    private final SourceFile file;
    private final Map<String, ZipDirectory.Entry> entries;
    private final String folder;

    private TorchArchive(SourceFile file, Map<String, ZipDirectory.Entry> entries) {
        this.file = file;
        this.entries = entries;
        this.folder = folder(file, entries);
    }

    /** Reads and checks the description of {@code file}'s tensors. */
    static List<StoredTensor> read(SourceFile file) {
        byte[] magic = file.read(0, 2, "magic");
        if (Byte.toUnsignedInt(magic[0]) == PICKLE_MAGIC) {
            throw Refusal.of(
                    file.path(), "format", "is in the format of torch before 1.6; load and save it with a newer torch");
        }
        if ((magic[0] | magic[1] << 8) != ZIP_MAGIC) {
            throw Refusal.of(file.path(), "format", "is not a torch zip file");
        }
        TorchArchive archive = new TorchArchive(file, ZipDirectory.read(file));
        archive.checkByteOrder();
        return archive.tensors();
    }

    private static String folder(SourceFile file, Map<String, ZipDirectory.Entry> entries) {
        List<String> pickles =
                entries.keySet().stream().filter(name -> name.endsWith(PICKLE)).toList();
        if (pickles.size() != 1) {
            throw Refusal.of(file.path(), "data.pkl", "a torch file has one, this one has %d", pickles.size());
        }
        String name = pickles.getFirst();
        return name.substring(0, name.length() - PICKLE.length());
    }

    private void checkByteOrder() {
        ZipDirectory.Entry entry = entries.get(folder + "/byteorder");
        if (entry != null) {
            String order = new String(content(entry, 16, "byteorder"), StandardCharsets.UTF_8);
            if (!order.equals("little")) {
                throw Refusal.of(file.path(), "byteorder", "little is known, given %s", order);
            }
        }
        if (entries.containsKey(folder + "/constants.pkl")) {
            throw Refusal.of(file.path(), "constants.pkl", "a TorchScript program is not a checkpoint");
        }
    }

    private List<StoredTensor> tensors() {
        ZipDirectory.Entry pickle = entries.get(folder + PICKLE);
        if (pickle == null) {
            throw Refusal.of(file.path(), "data.pkl", "is missing");
        }
        Pickled root = PickleReader.read(file.path(), "data.pkl", content(pickle, MOST_PICKLE_BYTES, "data.pkl"));
        if (!(root instanceof Pickled.Dict dict)) {
            throw Refusal.of(file.path(), "data.pkl", "holds a %s, not a dict of tensors", root.kind());
        }
        List<StoredTensor> tensors = new ArrayList<>();
        for (Map.Entry<Pickled, Pickled> item : dict.items.entrySet()) {
            if (!(item.getKey() instanceof Pickled.Text(var name))) {
                throw Refusal.of(
                        file.path(),
                        "data.pkl",
                        "a key is a %s, not a name",
                        item.getKey().kind());
            }
            if (!(item.getValue() instanceof Pickled.Tensor tensor)) {
                throw Refusal.of(
                        file.path(),
                        name,
                        "is a %s, not a tensor",
                        item.getValue().kind());
            }
            tensors.add(stored(name, tensor));
        }
        return tensors;
    }

    private StoredTensor stored(String name, Pickled.Tensor tensor) {
        Pickled.Storage storage = tensor.storage();
        ZipDirectory.Entry entry = entries.get(folder + "/data/" + storage.key());
        if (entry == null) {
            throw Refusal.of(file.path(), name, "its storage data/%s is missing", storage.key());
        }
        int size = storage.type().bytes();
        if (entry.bytes() / size != storage.elements() || entry.bytes() % size != 0) {
            throw Refusal.of(
                    file.path(),
                    name,
                    "its storage data/%s has %d bytes, %d %s elements were announced",
                    storage.key(),
                    entry.bytes(),
                    storage.elements(),
                    storage.type());
        }
        if (tensor.shape().size() > MOST_DIMENSIONS) {
            throw Refusal.of(
                    file.path(),
                    name,
                    "limit %d dimensions, given %d",
                    MOST_DIMENSIONS,
                    tensor.shape().size());
        }
        try {
            StoredTensor.elements(tensor.shape());
            long end = Math.addExact(tensor.offset(), StoredTensor.span(tensor.shape(), tensor.strides()));
            if (end > storage.elements()) {
                throw Refusal.of(file.path(), name, "reaches element %d of a storage with %d", end, storage.elements());
            }
        } catch (ArithmeticException e) {
            throw Refusal.of(
                    file.path(), name, "the size of shape %s, strides %s overflows", tensor.shape(), tensor.strides());
        }
        return new StoredTensor(
                name, storage.type(), tensor.shape(), tensor.strides(), file, entry.offset() + tensor.offset() * size);
    }

    private byte[] content(ZipDirectory.Entry entry, int limitBytes, String field) {
        if (entry.bytes() > limitBytes) {
            throw Refusal.of(file.path(), field, "limit %d bytes, given %d", limitBytes, entry.bytes());
        }
        return file.read(entry.offset(), (int) entry.bytes(), field);
    }
}
