package belle.export.checkpoint;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Opens checkpoint folders. */
public final class Checkpoints {
    private static final String WEIGHT = ".weight";
    private static final String BIAS = ".bias";

    private final Path dir;
    private final ModelConfig config;
    private final GptqConfig quantised;
    private final WeightFolder weights;

    private Checkpoints(Path dir, ModelConfig config, GptqConfig quantised, WeightFolder weights) {
        this.dir = dir;
        this.config = config;
        this.quantised = quantised;
        this.weights = weights;
    }

    /**
     * Opens {@code dir}, a folder or a GGUF file: reads its configuration and the headers of its weight files and checks that exactly the
     * expected tensors are there. A head that is tied and stored all the same is compared with the embedding. Throws
     * {@code FailureException(Broken)} naming file and field. The caller closes what is returned.
     *
     * @param lora folder of a PEFT adapter that is added to the matrices
     */
    public static Checkpoint open(Path dir, Optional<Path> lora) {
        Checkpoint base = open(dir);
        try {
            return lora.<Checkpoint>map(folder -> new MergedCheckpoint(base, LoraAdapter.read(folder, base.config())))
                    .orElse(base);
        } catch (RuntimeException e) {
            base.close();
            throw e;
        }
    }

    /** The same without an adapter. */
    public static Checkpoint open(Path dir) {
        if (Gguf.isOne(dir)) {
            return Gguf.open(dir);
        }
        if (!Files.isDirectory(dir)) {
            throw Refusal.of(dir, "folder", "there is no such folder");
        }
        ConfigReader configs = ConfigReader.read(dir);
        ModelConfig config = configs.model();
        GenerationConfig generation = configs.generation();
        WeightFolder weights =
                WeightFolder.open(dir, name -> ExpectedTensors.isBuffer(ExpectedTensors.normalName(config, name)));
        try {
            Map<String, TensorSource> sources = new Checkpoints(dir, config, configs.quantised(), weights).expected();
            return new OpenCheckpoint(dir, config, generation, weights.files(), sources, Optional.empty());
        } catch (RuntimeException e) {
            weights.close();
            throw e;
        }
    }

    private Map<String, TensorSource> expected() {
        Map<String, StoredTensor> given = normalised();
        Map<String, TensorSource> expected = new LinkedHashMap<>();
        Map<String, List<Long>> shapes = ExpectedTensors.of(config);
        shapes.forEach((name, shape) -> expected.put(name, source(name, shape, given)));
        expected.forEach((name, source) -> {
            if (source instanceof GptqMatrix) {
                dropZeroBias(layer(name) + BIAS, given);
            }
        });
        if (config.tiedHead()) {
            checkTiedHead(expected, given);
        }
        for (StoredTensor extra : given.values()) {
            throw Refusal.of(extra.file().path(), extra.name(), "is not part of the model that config.json describes");
        }
        return expected;
    }

    private TensorSource source(String name, List<Long> shape, Map<String, StoredTensor> given) {
        StoredTensor tensor = given.remove(name);
        if (tensor != null) {
            check(tensor, shape);
            return tensor;
        }
        return (shape.size() == 2
                        ? GptqMatrix.take(layer(name), given, shape, quantised)
                        : Optional.<GptqMatrix>empty())
                .orElseThrow(() -> Refusal.of(dir, name, "is missing: config.json asks for it with shape %s", shape));
    }

    private static String layer(String name) {
        return name.endsWith(WEIGHT) ? name.substring(0, name.length() - WEIGHT.length()) : name;
    }

    /** GPTQ's tools write a bias of zeros where a layer has none. */
    private static void dropZeroBias(String name, Map<String, StoredTensor> given) {
        StoredTensor bias = given.get(name);
        if (bias == null || !bias.type().isWeight()) {
            return;
        }
        for (float value : bias.readFloats()) {
            if (value != 0) {
                throw Refusal.of(bias.file().path(), bias.name(), "is not zero, but config.json asks for no bias");
            }
        }
        given.remove(name);
    }

    private Map<String, StoredTensor> normalised() {
        Map<String, StoredTensor> given = new LinkedHashMap<>();
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

    private void checkTiedHead(Map<String, TensorSource> expected, Map<String, StoredTensor> given) {
        StoredTensor head = given.remove(ExpectedTensors.HEAD);
        if (head == null
                || !(expected.get(ExpectedTensors.embedding(config)) instanceof StoredTensor embedding)
                || head.sameStorage(embedding)) {
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
        head.stream(0, StoredTensor.elements(head.shape()), (done, chunk) -> {
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
