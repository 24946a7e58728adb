package belle.export.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** A checkpoint whose files are open. */
final class OpenCheckpoint implements Checkpoint {
    private final Path dir;
    private final ModelConfig config;
    private final GenerationConfig generation;
    private final List<SourceFile> files;
    private final Map<String, TensorSource> sources;
    private final Optional<ObjectNode> metadata;
    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();

    /** Takes {@code files} over and closes them. {@code sources} are by normal name, in the order of the tables. */
    OpenCheckpoint(
            Path dir,
            ModelConfig config,
            GenerationConfig generation,
            List<SourceFile> files,
            Map<String, TensorSource> sources,
            Optional<ObjectNode> metadata) {
        this.dir = dir;
        this.config = config;
        this.generation = generation;
        this.files = List.copyOf(files);
        this.sources = sources;
        this.metadata = metadata;
        sources.forEach((name, tensor) -> tensors.put(name, tensor.info(name)));
    }

    @Override
    public Path dir() {
        return dir;
    }

    @Override
    public ModelConfig config() {
        return config;
    }

    @Override
    public GenerationConfig generation() {
        return generation;
    }

    @Override
    public Optional<ObjectNode> metadata() {
        return metadata;
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    @Override
    public List<Path> weightFiles() {
        return files.stream().map(SourceFile::path).sorted().toList();
    }

    @Override
    public void read(String name, long from, float[] target, int at, int count) {
        Objects.checkFromIndexSize(at, count, target.length);
        source(name).read(from, target, at, count);
    }

    @Override
    public boolean isQuantised(String name) {
        return source(name).isQuantised();
    }

    @Override
    public Optional<QuantisedTensor> quantised(String name) {
        return source(name).quantised();
    }

    private TensorSource source(String name) {
        return Objects.requireNonNull(sources.get(name), () -> "there is no tensor " + name);
    }

    @Override
    public void close() {
        files.forEach(SourceFile::close);
    }
}
