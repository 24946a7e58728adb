package belle.ort;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;

/**
 * One NVIDIA GPU, on ONNX Runtime's CUDA provider.
 *
 * @param index as CUDA numbers them
 * @param workBytes what the provider may take for weights and steps; 0 sets no bound
 */
public record CudaDevice(int index, long workBytes) implements Device {
    @Override
    public String memoryName() {
        return "Cuda";
    }

    @Override
    public void addTo(OrtOptions options) {
        options.appendCuda(Map.of(
                "device_id",
                Integer.toString(index),
                "gpu_mem_limit",
                Long.toUnsignedString(workBytes == 0 ? -1 : workBytes),
                "arena_extend_strategy",
                "kSameAsRequested"));
    }

    @Override
    public MemorySegment allocate(long bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment made = arena.allocate(ValueLayout.ADDRESS);
            CudaRuntime.use(index);
            CudaRuntime.call("cudaMalloc", made, bytes);
            MemorySegment memory =
                    MemorySegment.ofAddress(made.get(ValueLayout.ADDRESS, 0).address());
            CudaRuntime.call("cudaMemset", memory, 0, bytes);
            return memory;
        }
    }

    @Override
    public void free(MemorySegment memory) {
        CudaRuntime.use(index);
        CudaRuntime.call("cudaFree", memory);
    }

    @Override
    public void clear(MemorySegment memory, long from, long bytes) {
        CudaRuntime.use(index);
        CudaRuntime.call("cudaMemset", at(memory, from), 0, bytes);
        CudaRuntime.call("cudaDeviceSynchronize");
    }

    @Override
    public void copy(MemorySegment memory, long from, long to, long bytes, long stride, int rows) {
        CudaRuntime.use(index);
        CudaRuntime.call(
                "cudaMemcpy2D",
                at(memory, to),
                stride,
                at(memory, from),
                stride,
                bytes,
                (long) rows,
                CudaRuntime.DEVICE_TO_DEVICE);
        // Sessions have streams of their own, which must not begin before.
        CudaRuntime.call("cudaDeviceSynchronize");
    }

    private static MemorySegment at(MemorySegment memory, long offset) {
        return MemorySegment.ofAddress(memory.address() + offset);
    }
}
