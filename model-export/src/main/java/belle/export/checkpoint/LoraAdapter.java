package belle.export.checkpoint;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A low-rank adapter in PEFT's files: {@code adapter_config.json} beside {@code adapter_model.safetensors} or {@code .bin}.
 * It adds {@code scale B A} to the matrix of a layer, A being [r, inputs] and B [outputs, r], with scale alpha / r, or alpha
 * / sqrt(r) where the file says so (Hu et al., "LoRA", 2021; PEFT's layer.py).
 */
final class LoraAdapter {
    private static final String CONFIG = "adapter_config.json";
    private static final List<String> WEIGHTS = List.of("adapter_model.safetensors", "adapter_model.bin");
    private static final int MOST_BYTES = 1 << 20;
    private static final int MOST_RANK = 4096;
    private static final double MOST_ALPHA = 1e6;
    private static final String PREFIX = "base_model.model.";
    private static final String DOWN = ".lora_A.weight";
    private static final String UP = ".lora_B.weight";

    /** How it was trained, and what is only needed to train on. */
    private static final Set<String> HARMLESS = Set.of(
            "alora_invocation_tokens",
            "auto_mapping",
            "base_model_name_or_path",
            "corda_config",
            "eva_config",
            "exclude_modules",
            "inference_mode",
            "init_lora_weights",
            "layers_pattern",
            "layers_to_transform",
            "loftq_config",
            "lora_dropout",
            "megatron_config",
            "megatron_core",
            "peft_version",
            "qalora_group_size",
            "revision",
            "runtime_config",
            "target_modules",
            "task_type");

    /** What is added to one matrix: A is down, B is up, row-major. */
    private static final class Delta {
        private final float[] down;
        private final float[] up;
        private final int rank;
        private final int inputs;
        private final float scale;

        Delta(float[] down, float[] up, int rank, int inputs, float scale) {
            this.down = down;
            this.up = up;
            this.rank = rank;
            this.inputs = inputs;
            this.scale = scale;
        }

        /** Adds to {@code target[at, at + count)}, which holds the elements from {@code from} on. */
        void add(long from, float[] target, int at, int count) {
            for (int done = 0; done < count; ) {
                int output = (int) ((from + done) / inputs);
                int input = (int) ((from + done) % inputs);
                int run = Math.min(inputs - input, count - done);
                float[] sum = new float[run];
                for (int r = 0; r < rank; r++) {
                    float factor = up[output * rank + r];
                    int row = r * inputs + input;
                    for (int i = 0; i < run; i++) {
                        sum[i] += factor * down[row + i];
                    }
                }
                for (int i = 0; i < run; i++) {
                    target[at + done + i] += scale * sum[i];
                }
                done += run;
            }
        }
    }

    private final Path folder;
    private final Map<String, Delta> deltas = new LinkedHashMap<>();

    private LoraAdapter(Path folder) {
        this.folder = folder;
    }

    /**
     * Reads an adapter for a model.
     *
     * @throws belle.proto.FailureException when it is for other layers, of another kind, or broken
     */
    static LoraAdapter read(Path folder, ModelConfig model) {
        Path file = folder.resolve(CONFIG);
        var fields = new Fields(file, "", Json.object(file, "file", SourceFile.readSmall(file, MOST_BYTES)));
        Scaling scaling = Scaling.read(fields);
        var adapter = new LoraAdapter(folder);
        try (SourceFile weights = SourceFile.open(adapter.weights())) {
            adapter.take(WeightFolder.tensors(weights), model, scaling);
        }
        return adapter;
    }

    /** Adds what belongs to tensor {@code name} to its elements from {@code from} on. */
    void add(String name, long from, float[] target, int at, int count) {
        Delta delta = deltas.get(name);
        if (delta != null) {
            delta.add(from, target, at, count);
        }
    }

    /** Whether anything belongs to tensor {@code name}. */
    boolean changes(String name) {
        return deltas.containsKey(name);
    }

    /** Returns the file that holds its matrices. */
    Path weights() {
        return WEIGHTS.stream()
                .map(folder::resolve)
                .filter(file -> Files.exists(file, LinkOption.NOFOLLOW_LINKS))
                .findFirst()
                .orElseThrow(() -> Refusal.of(folder, "weights", "there is none of %s", String.join(", ", WEIGHTS)));
    }

    private void take(List<StoredTensor> tensors, ModelConfig model, Scaling scaling) {
        Map<String, List<Long>> shapes = ExpectedTensors.of(model);
        Map<String, StoredTensor> byName = new HashMap<>();
        tensors.forEach(tensor -> byName.put(tensor.name(), tensor));
        for (StoredTensor down : tensors) {
            if (down.name().endsWith(UP) && byName.containsKey(other(down, UP, DOWN))) {
                continue;
            }
            StoredTensor up = byName.get(other(down, DOWN, UP));
            String stored = down.name().replace(DOWN, "");
            String name = ExpectedTensors.normalName(
                            model, stored.startsWith(PREFIX) ? stored.substring(PREFIX.length()) : stored)
                    + ".weight";
            List<Long> shape = shapes.get(name);
            if (!down.name().endsWith(DOWN) || up == null) {
                throw Refusal.of(down.file().path(), down.name(), "only pairs of lora_A and lora_B can be merged");
            }
            if (shape == null || shape.size() != 2) {
                throw Refusal.of(down.file().path(), down.name(), "the model has no matrix %s", name);
            }
            int rank = Math.toIntExact(down.shape().getFirst());
            check(down, List.of((long) rank, shape.get(1)));
            check(up, List.of(shape.get(0), (long) rank));
            deltas.put(
                    name,
                    new Delta(
                            down.readFloats(),
                            up.readFloats(),
                            rank,
                            Math.toIntExact(shape.get(1)),
                            scaling.of(down, rank)));
        }
        if (deltas.isEmpty()) {
            throw Refusal.of(folder, "weights", "hold no lora_A and lora_B");
        }
    }

    private static String other(StoredTensor tensor, String from, String to) {
        return tensor.name().replace(from, to);
    }

    private static void check(StoredTensor part, List<Long> shape) {
        if (!part.shape().equals(shape) || !part.type().isWeight()) {
            throw Refusal.of(
                    part.file().path(),
                    part.name(),
                    "is %s of shape %s, the model asks for numbers of shape %s",
                    part.type(),
                    part.shape(),
                    shape);
        }
    }

    /** By how much a pair is multiplied. */
    private record Scaling(int rank, double alpha, boolean byRoot) {
        static Scaling read(Fields fields) {
            String type = fields.text("peft_type").orElse("LORA");
            if (!type.equals("LORA")) {
                throw fields.refused("peft_type", "LORA is merged, given %s", type);
            }
            String bias = fields.text("bias").orElse("none");
            if (!bias.equals("none")) {
                throw fields.refused("bias", "adapters without biases are merged, given %s", bias);
            }
            for (String empty : List.of("rank_pattern", "alpha_pattern", "modules_to_save", "target_parameters")) {
                fields.take(empty).filter(value -> !value.isEmpty()).ifPresent(value -> {
                    throw fields.refused(empty, "cannot be merged, given %s", value);
                });
            }
            var scaling = new Scaling(
                    fields.count(MOST_RANK, "r"),
                    fields.number(0, MOST_ALPHA, "lora_alpha").orElse(8.0),
                    fields.flag("use_rslora").orElse(false));
            fields.refuseOthers(HARMLESS);
            return scaling;
        }

        float of(StoredTensor down, int stored) {
            if (stored != rank) {
                throw Refusal.of(down.file().path(), down.name(), "has rank %d, %s says %d", stored, CONFIG, rank);
            }
            return (float) (alpha / (byRoot ? Math.sqrt(rank) : rank));
        }
    }
}
