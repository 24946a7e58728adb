package belle.ort;

import java.lang.foreign.MemorySegment;

/**
 * Where a portable graph is computed and its cache is kept: one implementation for each family of accelerators, and all that
 * is known of it. Whoever uses one passes its memory's addresses on and never looks inside.
 */
public sealed interface Device permits ProcessorDevice, CudaDevice {
    /** ONNX Runtime's name of the device's memory. */
    String memoryName();

    /** Which one of its kind; 0 is the first. */
    int index();

    /**
     * Has a session's options compute on this device.
     *
     * @throws OrtFailure when the runtime cannot
     */
    void addTo(OrtOptions options);

    /**
     * Reserves memory that holds zeros.
     *
     * @throws OrtFailure when there is not enough
     */
    MemorySegment allocate(long bytes);

    /** Takes back what {@link #allocate} gave. */
    void free(MemorySegment memory);

    /** Writes zeros over part of an allocation. */
    void clear(MemorySegment memory, long from, long bytes);

    /** Copies {@code rows} pieces of {@code bytes}, {@code stride} bytes apart, from one place of an allocation to another. */
    void copy(MemorySegment memory, long from, long to, long bytes, long stride, int rows);
}
