package belle.export.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * The weight files of a folder, open, and every tensor that they hold. Safetensors are preferred to torch files, one
 * file to shards, and the usual names to a single file of another name.
 */
final class WeightFolder implements AutoCloseable {
    private static final String SAFETENSORS = ".safetensors";
    private static final List<String> USUAL = List.of(
            "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json");
    private static final List<String> ENDINGS = List.of(SAFETENSORS, ".bin", ".pt");
    private static final Set<String> TRAINING_STATE =
            Set.of("training_args.bin", "optimizer.pt", "optimizer.bin", "scheduler.pt", "scaler.pt", "rng_state.pt");
    private static final int MOST_SHARDS = 1024;
    private static final int MOST_INDEX_BYTES = 16 << 20;

    private final List<SourceFile> files = new ArrayList<>();
    private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();

    private WeightFolder() {}

    /** Opens the weight files of {@code dir} and reads their headers. */
    static WeightFolder open(Path dir, Function<String, Boolean> ignorable) {
        WeightFolder folder = new WeightFolder();
        try {
            Path chosen = choose(dir);
            if (chosen.toString().endsWith(".json")) {
                folder.addShards(chosen, ignorable);
            } else {
                folder.add(chosen);
            }
            return folder;
        } catch (RuntimeException e) {
            folder.close();
            throw e;
        }
    }

    /** Every tensor by the name that its file gives it. */
    Map<String, StoredTensor> tensors() {
        return tensors;
    }

    /** Reads the header of a safetensors or torch file. */
    static List<StoredTensor> tensors(SourceFile file) {
        return file.path().toString().endsWith(SAFETENSORS) ? Safetensors.read(file) : TorchArchive.read(file);
    }

    /** The open files. */
    List<SourceFile> files() {
        return files;
    }

    @Override
    public void close() {
        files.forEach(SourceFile::close);
    }

    private static Path choose(Path dir) {
        for (String name : USUAL) {
            if (Files.exists(dir.resolve(name), LinkOption.NOFOLLOW_LINKS)) {
                return dir.resolve(name);
            }
        }
        try (Stream<Path> listed = Files.list(dir)) {
            List<Path> names = listed.sorted().toList();
            for (String ending : ENDINGS) {
                List<Path> found = names.stream()
                        .filter(path -> path.toString().endsWith(ending))
                        .filter(path ->
                                !TRAINING_STATE.contains(path.getFileName().toString()))
                        .toList();
                if (found.size() == 1) {
                    return found.getFirst();
                }
                if (found.size() > 1) {
                    throw Refusal.of(dir, "weights", "%d %s files and no index; which is meant?", found.size(), ending);
                }
            }
        } catch (IOException e) {
            throw SourceFile.unreadable(dir, e);
        }
        throw Refusal.of(dir, "weights", "there is none of %s", String.join(", ", USUAL));
    }

    private void addShards(Path index, Function<String, Boolean> ignorable) {
        Map<String, String> shardOf = shards(index);
        Map<String, List<String>> namesOf = new TreeMap<>();
        shardOf.forEach((name, shard) ->
                namesOf.computeIfAbsent(shard, _ -> new ArrayList<>()).add(name));
        if (namesOf.size() > MOST_SHARDS) {
            throw Refusal.of(index, "weight_map", "limit %d shards, given %d", MOST_SHARDS, namesOf.size());
        }
        namesOf.forEach((shard, names) -> {
            SourceFile file = add(index.resolveSibling(shard));
            for (String name : names) {
                StoredTensor tensor = tensors.get(name);
                if (tensor == null || tensor.file() != file) {
                    throw Refusal.of(index, name, "is not in %s, where the index places it", shard);
                }
            }
        });
        for (StoredTensor tensor : tensors.values()) {
            if (!shardOf.containsKey(tensor.name()) && !ignorable.apply(tensor.name())) {
                throw Refusal.of(tensor.file().path(), tensor.name(), "is not in %s", index.getFileName());
            }
        }
    }

    private static Map<String, String> shards(Path index) {
        ObjectNode json = Json.object(index, "index", SourceFile.readSmall(index, MOST_INDEX_BYTES));
        Map<String, String> shardOf = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> entry : json.path("weight_map").properties()) {
            String shard = entry.getValue().asText();
            if (!entry.getValue().isTextual() || !isPlainName(shard)) {
                throw Refusal.of(
                        index, entry.getKey(), "%s is not the name of a file in this folder", entry.getValue());
            }
            shardOf.put(entry.getKey(), shard);
        }
        if (shardOf.isEmpty()) {
            throw Refusal.of(index, "weight_map", "is missing or empty");
        }
        return shardOf;
    }

    /** A shard lies beside its index: no folders, no way up, nothing hidden. */
    private static boolean isPlainName(String name) {
        return !name.isBlank()
                && name.chars().noneMatch(c -> c == '/' || c == '\\' || c == ':' || Character.isISOControl(c))
                && !name.startsWith(".")
                && ENDINGS.stream().anyMatch(name::endsWith);
    }

    private SourceFile add(Path path) {
        SourceFile file = SourceFile.open(path);
        files.add(file);
        for (StoredTensor tensor : tensors(file)) {
            StoredTensor other = tensors.put(tensor.name(), tensor);
            if (other != null) {
                throw Refusal.of(
                        path, tensor.name(), "is in %s too", other.file().path().getFileName());
            }
        }
        return file;
    }
}
