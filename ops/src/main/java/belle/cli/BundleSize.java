package belle.cli;

import belle.proto.bundle.KvType;
import belle.proto.bundle.Manifest;
import belle.proto.bundle.Manifest.FileEntry;
import java.util.Objects;

/**
 * What a bundle takes.
 *
 * @param diskBytes all of its files
 * @param weightBytes weights.bin, mapped and shared by every process that serves it
 * @param kvBytesPerToken one token of one sequence in the key/value cache
 * @param kvBytesPerContext one sequence that fills the context
 */
record BundleSize(long diskBytes, long weightBytes, long kvBytesPerToken, long kvBytesPerContext) {
    static BundleSize of(Manifest manifest) {
        var shape = manifest.architecture();
        int rowBytes = KvType.of(manifest.kvCache()).orElseThrow().rowBytes(shape.headDim());
        long perToken = 2L * shape.layers() * shape.kvHeads() * rowBytes;
        return new BundleSize(
                manifest.files().values().stream().mapToLong(FileEntry::bytes).sum(),
                Objects.requireNonNull(manifest.files().get(Manifest.WEIGHTS_FILE))
                        .bytes(),
                perToken,
                perToken * shape.contextTokens());
    }
}
