package belle.export.bundle;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.bundle.Bundle;
import belle.proto.bundle.KvType;
import belle.proto.bundle.Manifest;
import belle.proto.bundle.RankShare;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * What one rank of a bundle takes.
 *
 * @param weightBytes of weights.bin that its graph refers to; ranks on one machine share what both refer to
 * @param kvBytesPerToken one token of one sequence in its part of the key/value cache
 */
public record RankMemory(int degree, int rank, long weightBytes, long kvBytesPerToken) {
    /** Returns all ranks of all degrees that {@code bundle} has graphs for. */
    public static List<RankMemory> of(Bundle bundle) {
        Manifest manifest = bundle.manifest();
        var shape = manifest.architecture();
        int rowBytes = KvType.of(manifest.kvCache()).orElseThrow().rowBytes(shape.headDim());
        List<RankMemory> ranks = new ArrayList<>();
        for (int degree : manifest.degrees()) {
            for (int rank = 0; rank < degree; rank++) {
                int kvHeads = RankShare.of(shape, manifest.group(), rank, degree)
                        .kvHeads()
                        .size();
                ranks.add(new RankMemory(
                        degree, rank, weightBytes(bundle, rank, degree), 2L * shape.layers() * kvHeads * rowBytes));
            }
        }
        return ranks;
    }

    private static long weightBytes(Bundle bundle, int rank, int degree) {
        try {
            byte[] graph = Files.readAllBytes(bundle.graph(rank, degree));
            List<TensorProto> tensors =
                    new ArrayList<>(ModelProto.parseFrom(graph).getGraph().getInitializerList());
            tensors.sort(Comparator.comparingLong(tensor -> GraphCheck.number(tensor, "offset")));
            long bytes = 0;
            long end = 0;
            for (TensorProto tensor : tensors) { // A tied head and a part of it overlap.
                long from = GraphCheck.number(tensor, "offset");
                long to = from + GraphCheck.number(tensor, "length");
                bytes += Math.max(0, to - Math.max(from, end));
                end = Math.max(end, to);
            }
            return bytes;
        } catch (IOException e) {
            throw new FailureException(
                    new Failure.Broken(
                            Manifest.graphFile(rank, degree), "model", "is no ONNX model: " + e.getMessage()),
                    e);
        }
    }
}
