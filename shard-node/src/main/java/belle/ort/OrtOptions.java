package belle.ort;

import belle.ort.OrtApi.Call;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;

/** How a session is to be opened. */
public final class OrtOptions implements AutoCloseable {
    private final OrtApi api;
    private final MemorySegment handle;

    OrtOptions(OrtApi api, int threads) {
        this.api = api;
        this.handle = api.create(Call.CREATE_OPTIONS);
        api.call(Call.SET_INTRA_OP_THREADS, handle, threads);
        // Runs have many shapes; a pattern for each would cost more than it saves.
        api.call(Call.DISABLE_MEMORY_PATTERNS, handle);
        config("session.intra_op.allow_spinning", "0");
    }

    MemorySegment handle() {
        return handle;
    }

    private void config(String key, String value) {
        try (Arena arena = Arena.ofConfined()) {
            api.call(Call.ADD_SESSION_CONFIG, handle, arena.allocateFrom(key), arena.allocateFrom(value));
        }
    }

    /** Has the session compute with the CUDA provider, and with the processor what that cannot. */
    void appendCuda(Map<String, String> settings) {
        MemorySegment cuda = api.create(Call.CREATE_CUDA_OPTIONS);
        try (Arena arena = Arena.ofConfined()) {
            List<String> keys = List.copyOf(settings.keySet());
            MemorySegment names = arena.allocate(ValueLayout.ADDRESS, keys.size());
            MemorySegment values = arena.allocate(ValueLayout.ADDRESS, keys.size());
            for (int i = 0; i < keys.size(); i++) {
                names.setAtIndex(ValueLayout.ADDRESS, i, arena.allocateFrom(keys.get(i)));
                values.setAtIndex(ValueLayout.ADDRESS, i, arena.allocateFrom(settings.get(keys.get(i))));
            }
            api.call(Call.UPDATE_CUDA_OPTIONS, cuda, names, values, (long) keys.size());
            api.call(Call.APPEND_CUDA, handle, cuda);
        } finally {
            api.release(Call.RELEASE_CUDA_OPTIONS, cuda);
        }
    }

    @Override
    public void close() {
        api.release(Call.RELEASE_OPTIONS, handle);
    }
}
