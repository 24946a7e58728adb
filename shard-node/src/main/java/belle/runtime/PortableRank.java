package belle.runtime;

import belle.engine.BlockCopy;
import belle.engine.Logits;
import belle.engine.Slice;
import belle.engine.Step;
import belle.ort.OrtFailure;
import belle.ort.OrtSession;
import belle.ort.Tensor;
import belle.proto.Failure;
import belle.proto.FailureException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * One rank on a bundle's portable graph: every step becomes runs over slots ({@link SlotRun}), whose caches are bound where
 * they lie to both ends of each run, so that nothing is copied but what is new.
 *
 * <p>Logits come to the host.
 */
final class PortableRank implements StepRunner {
    private final OrtSession session;
    private final SlotPool pool;
    private final int vocabulary;
    private final OrtSession.Names inputNames;
    private final OrtSession.Names outputNames;
    /** Slots in which something was written since their logits were last seen to be numbers. */
    private final boolean[] suspect;

    private ByteBuffer logits = ByteBuffer.allocateDirect(0);

    /** A rank over an open session and its pool, both of which it closes. */
    PortableRank(OrtSession session, SlotPool pool, int vocabulary) {
        this.session = session;
        this.pool = pool;
        this.vocabulary = vocabulary;
        this.suspect = new boolean[pool.layout().blocks()];
        List<String> inputs = new ArrayList<>(List.of("input_ids", "positions", "write_at", "kv_lens", "logit_rows"));
        List<String> outputs = new ArrayList<>(List.of("logits"));
        for (int layer = 0; layer < pool.layout().layers(); layer++) {
            for (String cache : List.of("key." + layer, "value." + layer)) {
                inputs.add(cache);
                outputs.add(cache + ".out");
            }
        }
        inputNames = session.names(inputs);
        outputNames = session.names(outputs);
    }

    SlotPool pool() {
        return pool;
    }

    @Override
    public Logits run(Step step) {
        begin(step);
        List<SlotRun> runs = SlotRun.of(step);
        reserve(runs);
        Map<Integer, Integer> firstRows = new HashMap<>();
        int row = 0;
        for (SlotRun run : runs) {
            try {
                compute(run, row);
            } catch (OrtFailure e) {
                throw new FailureException(new Failure.Internal("the model's step failed: " + e.getMessage()), e);
            }
            for (Slice slice : run.slices()) {
                if (slice != null) {
                    firstRows.put(SlotRun.slot(slice), row);
                    row += slice.logitRows();
                }
            }
        }
        return seen(step, firstRows);
    }

    /** Makes the step's copies. A slot that begins anew and may hold what is no number is cleaned before. */
    private void begin(Step step) {
        Map<Integer, Slice> bySlot = new HashMap<>();
        step.slices().forEach(slice -> bySlot.put(SlotRun.slot(slice), slice));
        for (BlockCopy copy : step.copies()) {
            clean(copy.to());
            // What the copy does not hold of the slot is not valid there either.
            pool.copy(copy, Objects.requireNonNull(bySlot.get(copy.to())).past());
        }
        // Only now: a slot that was copied from may begin anew in the same step.
        bySlot.forEach((slot, slice) -> {
            if (slice.past() == 0) {
                clean(slot);
            }
            suspect[slot] = true;
        });
    }

    private void clean(int slot) {
        if (suspect[slot]) {
            pool.clear(slot);
        }
    }

    private void reserve(List<SlotRun> runs) {
        long rows = 0;
        for (SlotRun run : runs) {
            rows += Math.max(1, run.logitRows());
        }
        int bytes = Math.toIntExact(rows * vocabulary * Float.BYTES);
        if (logits.capacity() < bytes) {
            logits = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
        }
    }

    private void compute(SlotRun run, int firstRow) {
        try (Arena arena = Arena.ofConfined()) {
            RunInputs given = RunInputs.of(run, pool.places(), arena);
            MemorySegment into = MemorySegment.ofBuffer(logits)
                    .asSlice((long) firstRow * vocabulary * Float.BYTES, given.rowCount() * vocabulary * Float.BYTES);
            List<Tensor> inputs = new ArrayList<>();
            try (Tensor result = session.onHost(into, Tensor.Type.FLOAT, given.rowCount(), vocabulary)) {
                long slots = run.slices().size();
                inputs.add(session.onHost(given.ids(), Tensor.Type.INT64, slots, run.tokens()));
                inputs.add(session.onHost(given.positions(), Tensor.Type.INT64, slots, run.tokens()));
                inputs.add(session.onHost(given.writeAt(), Tensor.Type.INT64, slots));
                inputs.add(session.onHost(given.kvLens(), Tensor.Type.INT64, slots));
                inputs.add(session.onHost(given.rows(), Tensor.Type.INT64, given.rowCount()));
                List<Tensor> outputs = new ArrayList<>(List.of(result));
                addCaches(run, inputs, outputs);
                session.run(inputNames, inputs, outputNames, outputs);
            } finally {
                inputs.forEach(Tensor::close);
            }
        }
    }

    /** The run's part of every layer's cache: the same tensor goes in and comes out. */
    private void addCaches(SlotRun run, List<Tensor> inputs, List<Tensor> outputs) {
        KvLayout layout = pool.layout();
        long slots = run.slices().size();
        long bytes = slots * pool.slotLayerBytes();
        for (int layer = 0; layer < layout.layers(); layer++) {
            for (long at : List.of(pool.keysAt(layer, run.firstSlot()), pool.valuesAt(layer, run.firstSlot()))) {
                Tensor cache = session.onDevice(
                        pool.memory(),
                        at,
                        bytes,
                        SlotPool.elementType(layout.type()),
                        slots,
                        layout.kvHeads(),
                        pool.places(),
                        layout.headDim());
                inputs.add(cache);
                outputs.add(cache);
            }
        }
    }

    /** The step's logits in its own order; {@code firstRows} is where each slot's begin. Slots whose logits are numbers hold nothing else. */
    private Logits seen(Step step, Map<Integer, Integer> firstRows) {
        int[] places = new int[step.logitRows()];
        var values = logits.duplicate().order(ByteOrder.nativeOrder()).asFloatBuffer();
        int row = 0;
        for (Slice slice : step.slices()) {
            int first = Objects.requireNonNull(firstRows.get(SlotRun.slot(slice)));
            for (int i = 0; i < slice.logitRows(); i++) {
                places[row++] = first + i;
            }
            if (slice.logitRows() > 0) {
                int last = first + slice.logitRows() - 1;
                suspect[SlotRun.slot(slice)] = !Float.isFinite(values.get(last * vocabulary));
            }
        }
        return new SlotLogits(values, places, vocabulary);
    }

    @Override
    public void close() {
        session.close();
        pool.close();
    }

    /** A run's small inputs in native memory. */
    private record RunInputs(
            MemorySegment ids,
            MemorySegment positions,
            MemorySegment writeAt,
            MemorySegment kvLens,
            MemorySegment rows,
            long rowCount) {
        private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

        static RunInputs of(SlotRun run, int places, Arena arena) {
            int slots = run.slices().size();
            int tokens = run.tokens();
            MemorySegment ids = arena.allocate(LONG, (long) slots * tokens);
            MemorySegment positions = arena.allocate(LONG, (long) slots * tokens);
            MemorySegment writeAt = arena.allocate(LONG, slots);
            MemorySegment kvLens = arena.allocate(LONG, slots);
            // A run without wanted rows gives one that nobody reads: not every kernel takes none.
            int rowCount = Math.max(1, run.logitRows());
            MemorySegment rows = arena.allocate(LONG, rowCount);
            int row = 0;
            for (int i = 0; i < slots; i++) {
                Slice slice = run.slices().get(i);
                if (slice == null) {
                    // What it writes goes to the slot's last place, which no sequence reaches.
                    writeAt.setAtIndex(LONG, i, places - 1L);
                    kvLens.setAtIndex(LONG, i, 1);
                    continue;
                }
                writeAt.setAtIndex(LONG, i, slice.past());
                kvLens.setAtIndex(LONG, i, slice.past() + tokens);
                for (int t = 0; t < tokens; t++) {
                    ids.setAtIndex(LONG, (long) i * tokens + t, slice.tokens().get(t));
                    positions.setAtIndex(LONG, (long) i * tokens + t, slice.past() + t);
                }
                for (int back = slice.logitRows(); back > 0; back--) {
                    rows.setAtIndex(LONG, row++, (i + 1L) * tokens - back);
                }
            }
            return new RunInputs(ids, positions, writeAt, kvLens, rows, rowCount);
        }
    }
}
