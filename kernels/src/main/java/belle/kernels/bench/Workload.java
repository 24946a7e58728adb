package belle.kernels.bench;

import ai.onnxruntime.OrtException;

/** One op at one size. */
sealed interface Workload permits ProductWorkload, AttentionWorkload {
    String name();

    /** Bytes that a run must read from memory. */
    double bytes();

    /** Floating-point operations that a run must do; a fused multiply-add is two. */
    double operations();

    /** Which of the machine's rates bounds the arithmetic. */
    default double ceiling(Ceilings ceilings) {
        return ceilings.operations();
    }

    /** What the table calls it. */
    default String ceilingName() {
        return "fma";
    }

    /** Opens a session on {@code threads} threads. The caller closes it. */
    Running open(int threads) throws OrtException;

    /** An open session with its inputs. */
    interface Running extends AutoCloseable {
        /** Runs the op once, on other memory than last time where caches would help. */
        void once() throws OrtException;

        @Override
        void close() throws OrtException;
    }
}
