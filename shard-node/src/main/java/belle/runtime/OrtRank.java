package belle.runtime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.OrtSession.SessionOptions.ExecutionMode;
import belle.engine.Logits;
import belle.engine.Step;
import belle.kernels.OrtLibraries;
import belle.proto.Failure;
import belle.proto.FailureException;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * One rank on ONNX Runtime: a session over the rank's graph, whose weights are mapped from the bundle and shared with every
 * other session on it.
 *
 * <p>Inputs and logits live in native buffers that are used again (see {@link PackedStep}); a step's garbage is a handful
 * of small objects whatever the context. The pool is borrowed: close it after this.
 */
public final class OrtRank implements StepRunner {
    private final OrtEnvironment environment;
    // Closing the options would unload the operators, so they stay open as long as the session.
    private final SessionOptions options;
    private final OrtSession session;
    private final KvPool pool;
    private final OnnxTensor kvPool;
    private final int vocabulary;
    private final PackedStep packed;

    private OrtRank(OrtEnvironment environment, SessionOptions options, OrtSession session, KvPool pool, int vocabulary)
            throws OrtException {
        this.environment = environment;
        this.options = options;
        this.session = session;
        this.vocabulary = vocabulary;
        this.packed = new PackedStep(vocabulary);
        this.pool = pool;
        long[] descriptor = pool.descriptor();
        this.kvPool = OnnxTensor.createTensor(environment, LongBuffer.wrap(descriptor), new long[] {descriptor.length});
    }

    /**
     * Opens a rank's graph.
     *
     * @param operators the library of the graph's own operators
     * @param vocabulary V, the width of the graph's logits
     * @throws FailureException {@link Failure.Broken} when ONNX Runtime refuses the graph
     */
    public static OrtRank open(Path graph, Path operators, KvPool pool, int vocabulary, RuntimeConfig config) {
        OrtEnvironment environment = environment();
        SessionOptions options = new SessionOptions();
        try {
            options.registerCustomOpLibrary(operators.toString());
            options.setIntraOpNumThreads(config.threads());
            options.setInterOpNumThreads(1);
            options.setExecutionMode(ExecutionMode.SEQUENTIAL);
            // Every step has a shape of its own; a pattern for each would cost more than it saves.
            options.setMemoryPatternOptimization(false);
            options.addConfigEntry("session.intra_op.allow_spinning", config.spinning() ? "1" : "0");
            OrtSession session = environment.createSession(graph.toString(), options);
            return new OrtRank(environment, options, session, pool, vocabulary);
        } catch (OrtException e) {
            options.close();
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
    public Logits run(Step step) {
        step.copies().forEach(pool::copy);
        packed.pack(step);
        long sequences = packed.sequences();
        try (OnnxTensor inputIds = OnnxTensor.createTensor(environment, packed.inputIds(), shape(step.tokens()));
                OnnxTensor cuSeqlens = OnnxTensor.createTensor(environment, packed.cuSeqlens(), shape(sequences + 1));
                OnnxTensor pastLens = OnnxTensor.createTensor(environment, packed.pastLens(), shape(sequences));
                OnnxTensor blockTable = OnnxTensor.createTensor(
                        environment, packed.blockTable(), shape(sequences, packed.tableWidth()));
                OnnxTensor logitRows =
                        OnnxTensor.createTensor(environment, packed.logitRows(), shape(step.logitRows()));
                OnnxTensor logits =
                        OnnxTensor.createTensor(environment, packed.logits(), shape(step.logitRows(), vocabulary))) {
            Map<String, OnnxTensor> inputs = new HashMap<>();
            inputs.put("input_ids", inputIds);
            inputs.put("cu_seqlens", cuSeqlens);
            inputs.put("past_lens", pastLens);
            inputs.put("block_table", blockTable);
            inputs.put("kv_pool", kvPool);
            inputs.put("logit_rows", logitRows);
            session.run(inputs, Set.of(), Map.of("logits", logits)).close();
        } catch (OrtException e) {
            throw new FailureException(new Failure.Internal("the model's step failed: " + e.getMessage()), e);
        }
        return new DirectLogits(packed.logits(), step.logitRows(), vocabulary);
    }

    @Override
    public void close() {
        kvPool.close();
        try {
            session.close();
        } catch (OrtException e) {
            throw new IllegalStateException("an open session can be closed", e);
        }
        options.close();
    }

    private static long[] shape(long... dims) {
        return dims;
    }
}
