package belle.proto.bundle;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * {@code manifest.json} of a bundle: all that a node needs to know before it opens a graph.
 *
 * @param formatVersion {@link #FORMAT_VERSION}; another one is refused
 * @param name default model name, from the bundle's or checkpoint's folder
 * @param weights f32, f16, q8 or q4: how the matrices are stored
 * @param group inputs that share a scale in quantised weights; 0 for f32 and f16
 * @param kvCache f32 or f16: the default element type of the key/value cache
 * @param degrees tensor-parallel degrees that have graphs here, ascending, 1 first
 * @param eosIds ids that end a choice
 * @param bosIds ids put before every prompt text (LLaMA's BOS; empty for BLOOM)
 * @param template how a conversation becomes a prompt
 * @param sampling defaults for requests
 * @param tensors every tensor of weights.bin, by name
 * @param files sha256 and size of every other file of the bundle, by name
 */
@JsonIgnoreProperties(ignoreUnknown = false)
public record Manifest(
        int formatVersion,
        String name,
        long createdEpochSeconds,
        Architecture architecture,
        String weights,
        int group,
        String kvCache,
        List<Integer> degrees,
        List<Integer> eosIds,
        List<Integer> bosIds,
        PromptTemplate template,
        SamplingDefaults sampling,
        Source source,
        Map<String, TensorEntry> tensors,
        Map<String, FileEntry> files) {

    public static final int FORMAT_VERSION = 1;
    public static final String FILE = "manifest.json";
    public static final String WEIGHTS_FILE = "weights.bin";
    public static final String TOKENIZER_FILE = "tokenizer.json";

    /** The model in ONNX's own operators, and its weights: both or neither. */
    public static final String PORTABLE_GRAPH_FILE = "portable.onnx";

    public static final String PORTABLE_WEIGHTS_FILE = "portable.bin";

    private static final Set<String> PORTABLE_FILES = Set.of(PORTABLE_GRAPH_FILE, PORTABLE_WEIGHTS_FILE);

    public Manifest {
        degrees = List.copyOf(degrees);
        eosIds = List.copyOf(eosIds);
        bosIds = List.copyOf(bosIds);
        tensors = Map.copyOf(tensors);
        files = Map.copyOf(files);
    }

    /**
     * Returns a hash of what decides the tokens: files, shape, templates, special ids and defaults. Two exports of one
     * checkpoint have the same, whenever they were made and whatever they are called, with portable files or without.
     */
    public String contentHash() {
        StringBuilder text = new StringBuilder();
        for (Object part :
                List.of(formatVersion, architecture, weights, group, kvCache, eosIds, bosIds, template, sampling)) {
            text.append(part).append('\n');
        }
        new TreeMap<>(files).forEach((file, entry) -> {
            if (!PORTABLE_FILES.contains(file)) {
                text.append(file).append(' ').append(entry.sha256()).append('\n');
            }
        });
        return FileHash.of(text.toString().getBytes(StandardCharsets.UTF_8));
    }

    /** Tells whether the bundle has the model in ONNX's own operators. */
    public boolean hasPortableGraph() {
        return files.containsKey(PORTABLE_GRAPH_FILE);
    }

    /** File name of a rank's graph. */
    public static String graphFile(int rank, int degree) {
        return "rank-" + rank + "-of-" + degree + ".onnx";
    }

    /**
     * The model's shape.
     *
     * @param family bloom or llama
     * @param vocabulary rows of the head: the width of the logits
     * @param tokens ids that the tokenizer knows; rows from here on are padding and are never drawn
     * @param contextTokens most positions of one sequence
     * @param parameters number of weights
     */
    public record Architecture(
            String family,
            int hidden,
            int intermediate,
            int layers,
            int heads,
            int kvHeads,
            int headDim,
            int vocabulary,
            int tokens,
            int contextTokens,
            long parameters) {}

    /** What a request that says nothing gets. */
    public record SamplingDefaults(double temperature, double topP, int topK, double repetitionPenalty) {
        /** BELLE's published settings. */
        public static final SamplingDefaults BELLE = new SamplingDefaults(0.35, 0.85, 30, 1.2);
    }

    /** Where the weights came from. {@code sha256} covers the checkpoint's weight files in name order. */
    public record Source(String checkpoint, String sha256, String exporter) {}

    /**
     * A tensor inside weights.bin.
     *
     * @param type a {@link WeightType}
     * @param layout rows, tiles64, or vector: see {@code docs/bundle.md}
     * @param dims logical dimensions: [N, K] for a matrix of N outputs and K inputs
     * @param leafInputs for a matrix cut into leaves, the 9 places where leaves begin and end, else empty
     */
    public record TensorEntry(
            long offset, long bytes, String type, String layout, List<Integer> dims, List<Integer> leafInputs) {
        /** Every tensor begins at a multiple of this. */
        public static final int ALIGNMENT_BYTES = 4096;

        public TensorEntry {
            dims = List.copyOf(dims);
            leafInputs = List.copyOf(leafInputs);
        }
    }

    /**
     * A file of the bundle.
     *
     * @param chunkBytes when present, {@code sha256} is the hash of the concatenated hashes of chunks of this many
     *     bytes, so that all cores can check one large file
     */
    public record FileEntry(long bytes, String sha256, Optional<Long> chunkBytes) {}
}
