package belle.scaling;

import belle.engine.Step;
import belle.scaling.RankWork.Product;
import java.util.Collections;
import java.util.List;

/**
 * How long a step takes: its products, each as long as its weights are read or its operations take, whichever is longer; attention; two
 * sums of all ranks a layer; and what a layer, a step and a drawn token take in any case.
 */
public final class StepModel {
    /** Floats that ranks exchange at once. */
    private static final int PIECE_FLOATS = 16384;

    private static final int SUMS_OF_LAYER = 2;

    private final RankWork work;
    private final Machine machine;

    private StepModel(RankWork work, Machine machine) {
        this.work = work;
        this.machine = machine;
    }

    /** Makes the model of a shape that is cut into {@code ranks}, each of which has a {@code machine}'s rank. */
    public static StepModel of(ModelShape shape, int ranks, Machine machine) {
        return new StepModel(RankWork.largest(shape, ranks), machine);
    }

    /** Bytes of weights that a rank keeps. */
    public long weightBytes() {
        return work.weightBytes();
    }

    /** Bytes of a token's keys and values that a rank keeps. */
    public long kvBytesPerToken() {
        return work.kvBytesPerToken();
    }

    /**
     * One sequence's part of a step.
     *
     * @param fresh tokens to compute
     * @param past tokens in the cache
     * @param rows of logits
     */
    public record Part(int fresh, int past, int rows) {}

    /** Returns the time of {@code sequences} that decode behind {@code past} tokens each. */
    public StepTime decode(int sequences, int past) {
        return time(Collections.nCopies(sequences, new Part(1, past, 1)));
    }

    /** Returns the time of a step that the engine has planned. */
    StepTime time(Step step) {
        return time(step.slices().stream()
                .map(slice -> new Part(slice.tokens().size(), slice.past(), slice.logitRows()))
                .toList());
    }

    /** Returns the time of a step over these parts. */
    public StepTime time(List<Part> parts) {
        int tokens = parts.stream().mapToInt(Part::fresh).sum();
        int rows = parts.stream().mapToInt(Part::rows).sum();
        int layers = work.shape().architecture().layers();
        StepTime layer = StepTime.NONE;
        for (Product product : work.layer()) {
            layer = layer.plus(product(product, tokens));
        }
        StepTime sum = collective(tokens).plus(new StepTime(0, 0, 0, 0, machine.step() + rows * machine.draw()));
        for (int i = 0; i < layers; i++) {
            sum = sum.plus(layer);
        }
        sum = sum.plus(new StepTime(0, 0, 0, 0, layers * machine.layer()));
        sum = rows == 0 ? sum : sum.plus(product(work.head(), rows));
        for (Part part : parts) {
            sum = sum.plus(attention(part, layers));
        }
        return sum;
    }

    private StepTime product(Product product, int rows) {
        double read = product.bytes() / (machine.readBytes(work.degree()) * machine.readShare(product.type()));
        double compute = product.operations(rows) / machine.operations(product.type(), rows);
        return read >= compute ? new StepTime(read, 0, 0, 0, 0) : new StepTime(0, compute, 0, 0, 0);
    }

    private StepTime attention(Part part, int layers) {
        double bytes = (double) (part.past() + part.fresh()) * work.kvBytesPerToken();
        double read = bytes / (machine.readBytes(work.degree()) * machine.cacheShare());
        double seen = (double) part.fresh() * part.past() + part.fresh() * (part.fresh() + 1.0) / 2;
        double operations =
                4.0 * layers * work.heads() * work.shape().architecture().headDim() * seen;
        double compute = operations / machine.attentionOperations();
        return read >= compute ? new StepTime(0, 0, read, 0, 0) : new StepTime(0, compute, 0, 0, 0);
    }

    /** A rank writes its part once and reads each rank's. */
    private StepTime collective(int tokens) {
        int ranks = work.degree();
        if (ranks == 1) {
            return StepTime.NONE;
        }
        long floats = (long) tokens * work.shape().architecture().hidden();
        double bytes = (double) floats * Float.BYTES * (ranks + 1);
        double one = Math.ceilDiv(floats, PIECE_FLOATS) * machine.meeting(ranks) + bytes / machine.collectiveBytes();
        return new StepTime(0, 0, 0, SUMS_OF_LAYER * work.shape().architecture().layers() * one, 0);
    }
}
