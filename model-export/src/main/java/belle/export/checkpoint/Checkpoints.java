package belle.export.checkpoint;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Opens checkpoint folders. */
public final class Checkpoints {
    private static final String PACKED_WEIGHT = ".qweight";

    private final Path dir;
    private final ModelConfig config;
    private final WeightFolder weights;

    private Checkpoints(Path dir, ModelConfig config, WeightFolder weights) {
        this.dir = dir;
        this.config = config;
        this.weights = weights;
    }

    /**
     * Opens {@code dir}: reads its configuration and the headers of its weight files and checks that exactly the
     * expected tensors are there. A head that is tied and stored all the same is compared with the embedding. Throws
     * {@code FailureException(Broken)} naming file and field. The caller closes what is returned.
     */
    public static Checkpoint open(Path dir) {
        if (!Files.isDirectory(dir)) {
            throw Refusal.of(dir, "folder", "there is no such folder");
        }
        ConfigReader configs = ConfigReader.read(dir);
        ModelConfig config = configs.model();
        GenerationConfig generation = configs.generation();
        WeightFolder weights =
                WeightFolder.open(dir, name -> ExpectedTensors.isBuffer(ExpectedTensors.normalName(config, name)));
        try {
            Map<String, StoredTensor> stored = new Checkpoints(dir, config, weights).expected();
            return new FolderCheckpoint(dir, config, generation, weights, stored);
        } catch (RuntimeException e) {
            weights.close();
            throw e;
        }
    }

    private Map<String, StoredTensor> expected() {
        Map<String, StoredTensor> given = normalised();
        Map<String, StoredTensor> expected = new LinkedHashMap<>();
        ExpectedTensors.of(config).forEach((name, shape) -> {
            StoredTensor tensor = given.remove(name);
            if (tensor == null) {
                throw Refusal.of(dir, name, "is missing: config.json asks for it with shape %s", shape);
            }
            check(tensor, shape);
            expected.put(name, tensor);
        });
        if (config.tiedHead()) {
            checkTiedHead(expected, given);
        }
        for (StoredTensor extra : given.values()) {
            throw Refusal.of(extra.file().path(), extra.name(), "is not part of the model that config.json describes");
        }
        return expected;
    }

    private Map<String, StoredTensor> normalised() {
        Map<String, StoredTensor> given = new LinkedHashMap<>();
        for (StoredTensor tensor : weights.tensors().values()) {
            if (tensor.name().endsWith(PACKED_WEIGHT)) {
                throw Refusal.of(tensor.file().path(), tensor.name(), "quantised checkpoints are not read yet");
            }
        }
        for (StoredTensor tensor : weights.tensors().values()) {
            String name = ExpectedTensors.normalName(config, tensor.name());
            StoredTensor other = ExpectedTensors.isBuffer(name) ? null : given.put(name, tensor);
            if (other != null) {
                throw Refusal.of(tensor.file().path(), tensor.name(), "is also there as %s", other.name());
            }
        }
        return given;
    }

    private static void check(StoredTensor tensor, List<Long> shape) {
        if (!tensor.shape().equals(shape)) {
            throw Refusal.of(
                    tensor.file().path(),
                    tensor.name(),
                    "has shape %s, config.json asks for %s",
                    tensor.shape(),
                    shape);
        }
        if (!tensor.type().isWeight()) {
            throw Refusal.of(
                    tensor.file().path(), tensor.name(), "is of type %s; F32, F16 and BF16 are read", tensor.type());
        }
    }

    private void checkTiedHead(Map<String, StoredTensor> expected, Map<String, StoredTensor> given) {
        StoredTensor head = given.remove(ExpectedTensors.HEAD);
        StoredTensor embedding = expected.get(ExpectedTensors.embedding(config));
        if (head == null || embedding == null || head.sameStorage(embedding)) {
            return;
        }
        check(head, embedding.shape());
        if (head.type() != embedding.type()) {
            throw Refusal.of(
                    head.file().path(),
                    head.name(),
                    "%s is tied to %s of type %s",
                    head.type(),
                    embedding.name(),
                    embedding.type());
        }
        FolderCheckpoint.stream(head, 0, StoredTensor.elements(head.shape()), (done, chunk) -> {
            ByteBuffer same = ByteBuffer.allocate(chunk.remaining());
            embedding.read(done, same);
            int at = chunk.mismatch(same.rewind());
            if (at >= 0) {
                throw Refusal.of(
                        head.file().path(),
                        head.name(),
                        "config.json ties it to %s, but element %d differs",
                        embedding.name(),
                        done + at / head.type().bytes());
            }
        });
    }
}
