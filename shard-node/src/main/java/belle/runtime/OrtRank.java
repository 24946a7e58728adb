package belle.runtime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import belle.engine.BlockCopy;
import belle.kernels.Kernels;
import belle.kernels.OrtLibraries;
import belle.proto.Failure;
import belle.proto.FailureException;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One rank on ONNX Runtime: a session over the rank's graph, whose weights are mapped from the bundle and shared with every
 * other session on it.
 *
 * <p>Inputs and logits live in native buffers that are used again (see {@link PackedStep}); a step's garbage is a handful
 * of small objects whatever the context.
 */
final class OrtRank implements Rank {
    private final OrtEnvironment environment;
    private final SessionOptions options;
    private final OrtSession session;
    private final int rank;
    private final KvPool pool;
    private final OnnxTensor kvPool;
    private final Optional<Collective> collective;
    private final LogitsMemory logits;

    private OrtRank(
            OrtEnvironment environment,
            SessionOptions options,
            OrtSession session,
            int rank,
            KvPool pool,
            Optional<Collective> collective,
            LogitsMemory logits)
            throws OrtException {
        this.environment = environment;
        this.options = options;
        this.session = session;
        this.rank = rank;
        this.pool = pool;
        this.collective = collective;
        this.logits = logits;
        long[] descriptor = pool.descriptor();
        this.kvPool = OnnxTensor.createTensor(environment, LongBuffer.wrap(descriptor), new long[] {descriptor.length});
    }

    /**
     * Opens a rank's graph.
     *
     * @param layout of the cache of the rank's key/value heads
     * @param collective where it meets the other ranks, borrowed; empty where there is one
     * @param logits where its columns go
     * @param threads that compute, the caller's own counted
     * @throws FailureException {@link Failure.Broken} when ONNX Runtime refuses the graph
     */
    static OrtRank open(
            Path graph, int rank, KvLayout layout, Optional<Collective> collective, LogitsMemory logits, int threads) {
        OrtEnvironment environment = environment();
        KvPool pool = KvPool.reserve(layout);
        try {
            SessionOptions options = Kernels.options(threads);
            try {
                OrtSession session = environment.createSession(graph.toString(), options);
                return new OrtRank(environment, options, session, rank, pool, collective, logits);
            } catch (OrtException e) {
                options.close();
                throw e;
            }
        } catch (OrtException e) {
            pool.close();
            throw new FailureException(
                    new Failure.Broken(graph.toString(), "graph", "ONNX Runtime refuses it: " + e.getMessage()), e);
        }
    }

    /**
     * The process's environment of ONNX Runtime, without its telemetry: nothing leaves this machine. Its parser of the
     * process's command line also overflows the stack on one of a few thousand characters.
     */
    private static OrtEnvironment environment() {
        CLibrary.setEnvironment("ORT_DISABLE_TELEMETRY", "1");
        OrtLibraries.keep();
        return OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, "belle");
    }

    @Override
    public FloatBuffer run(long number, List<BlockCopy> copies, PackedStep packed) {
        copies.forEach(pool::copy);
        pool.back(packed.blockTable(), packed.inputIds().limit());
        long sequences = packed.sequences();
        int rows = packed.logitRows().limit();
        FloatBuffer own = logits.of(rows);
        Map<String, OnnxTensor> inputs = new HashMap<>();
        try (OnnxTensor inputIds = OnnxTensor.createTensor(
                        environment, packed.inputIds(), shape(packed.inputIds().limit()));
                OnnxTensor cuSeqlens = OnnxTensor.createTensor(environment, packed.cuSeqlens(), shape(sequences + 1));
                OnnxTensor pastLens = OnnxTensor.createTensor(environment, packed.pastLens(), shape(sequences));
                OnnxTensor blockTable = OnnxTensor.createTensor(
                        environment, packed.blockTable(), shape(sequences, packed.tableWidth()));
                OnnxTensor logitRows = OnnxTensor.createTensor(environment, packed.logitRows(), shape(rows));
                OnnxTensor result = OnnxTensor.createTensor(environment, own, shape(rows, logits.columns()))) {
            inputs.put("input_ids", inputIds);
            inputs.put("cu_seqlens", cuSeqlens);
            inputs.put("past_lens", pastLens);
            inputs.put("block_table", blockTable);
            inputs.put("kv_pool", kvPool);
            inputs.put("logit_rows", logitRows);
            if (collective.isPresent()) {
                runMeeting(inputs, collective.get().descriptor(rank, number), result);
            } else {
                session.run(inputs, Set.of(), Map.of("logits", result)).close();
            }
        } catch (OrtException e) {
            throw new FailureException(new Failure.Internal("the model's step failed: " + e.getMessage()), e);
        }
        return own;
    }

    private void runMeeting(Map<String, OnnxTensor> inputs, long[] place, OnnxTensor result) throws OrtException {
        try (OnnxTensor meeting = OnnxTensor.createTensor(environment, LongBuffer.wrap(place), shape(place.length))) {
            inputs.put("collective", meeting);
            session.run(inputs, Set.of(), Map.of("logits", result)).close();
        }
    }

    /** A thread that computes in this process cannot be stopped. */
    @Override
    public void giveUp() {}

    @Override
    public void close() {
        kvPool.close();
        try {
            session.close();
        } catch (OrtException e) {
            throw new IllegalStateException("an open session can be closed", e);
        }
        options.close();
        pool.close();
    }

    private static long[] shape(long... dims) {
        return dims;
    }
}
