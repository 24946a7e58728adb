package belle.export.bundle;

import ai.onnxruntime.OrtException;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.bundle.Bundle;
import belle.proto.bundle.KvType;
import belle.proto.bundle.Manifest;
import belle.proto.bundle.Verification;
import java.nio.file.Path;

/** Looks at a bundle as closely as one can without a reference: bytes, structure, and one token computed. */
public final class Verifier {
    private Verifier() {}

    /**
     * Checks every hash and shape, every graph's structure, and that the whole model loads and computes finite logits.
     *
     * @return the opened bundle
     * @throws FailureException {@link Failure.Broken} naming the file and the field
     */
    public static Bundle verify(Path dir) {
        Bundle bundle = Bundle.open(dir, Verification.EVERYTHING);
        for (int degree : bundle.manifest().degrees()) {
            for (int rank = 0; rank < degree; rank++) {
                GraphCheck.check(bundle, Manifest.graphFile(rank, degree));
            }
        }
        if (bundle.manifest().hasPortableGraph()) {
            GraphCheck.checkPortable(bundle);
        }
        String graph = Manifest.graphFile(0, 1);
        try (GraphProbe probe =
                GraphProbe.open(bundle, 1, KvType.F32, Runtime.getRuntime().availableProcessors())) {
            for (float logit : probe.run(new int[] {0}, 0, 1)[0]) {
                if (!Float.isFinite(logit)) {
                    throw broken(graph, "logits", "token 0 gives " + logit);
                }
            }
        } catch (OrtException e) {
            throw broken(graph, "model", firstLine(e));
        }
        return bundle;
    }

    private static String firstLine(OrtException e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("was refused");
    }

    static FailureException broken(String file, String field, String problem) {
        return new FailureException(new Failure.Broken(file, field, problem));
    }
}
