package belle.export.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A checkpoint with an adapter added to its matrices where they are read. Closing it closes the checkpoint. */
final class MergedCheckpoint implements Checkpoint {
    private final Checkpoint base;
    private final LoraAdapter adapter;

    MergedCheckpoint(Checkpoint base, LoraAdapter adapter) {
        this.base = base;
        this.adapter = adapter;
    }

    @Override
    public Path dir() {
        return base.dir();
    }

    @Override
    public ModelConfig config() {
        return base.config();
    }

    @Override
    public GenerationConfig generation() {
        return base.generation();
    }

    @Override
    public Optional<ObjectNode> metadata() {
        return base.metadata();
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        return base.tensors();
    }

    @Override
    public List<Path> weightFiles() {
        List<Path> files = new ArrayList<>(base.weightFiles());
        files.add(adapter.weights());
        return files;
    }

    @Override
    public void read(String name, long from, float[] target, int at, int count) {
        base.read(name, from, target, at, count);
        adapter.add(name, from, target, at, count);
    }

    @Override
    public boolean isQuantised(String name) {
        return base.isQuantised(name);
    }

    /** What is added has no counterpart among the file's codes. */
    @Override
    public Optional<QuantisedTensor> quantised(String name) {
        return adapter.changes(name) ? Optional.empty() : base.quantised(name);
    }

    @Override
    public void close() {
        base.close();
    }
}
