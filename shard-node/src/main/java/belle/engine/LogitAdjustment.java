package belle.engine;

import belle.proto.SamplingParams;
import belle.proto.Tokens;
import java.util.Arrays;

/**
 * What a choice changes in its logits before a token is drawn: first the bias, then the repetition, frequency and
 * presence penalties.
 *
 * <p>Keeps every distinct id of prompt and output once, with how often it was generated: noting a token is O(1), applying
 * is O(distinct ids). Each logit is adjusted in double precision and rounded once.
 */
final class LogitAdjustment {
    private final SamplingParams params;
    private final boolean penalises;
    private final int[] biasIds;
    private final double[] biases;

    private int[] ids = new int[16];
    private int[] generated = new int[16];
    private int size;
    private int[] slots = new int[32]; // open addressing: index into ids + 1; 0 is empty

    LogitAdjustment(SamplingParams params, Tokens prompt) {
        this.params = params;
        penalises = params.repetitionPenalty() != 1 || params.frequencyPenalty() != 0 || params.presencePenalty() != 0;
        biasIds =
                params.logitBias().keySet().stream().mapToInt(id -> id).sorted().toArray();
        biases = new double[biasIds.length];
        Arrays.setAll(biases, i -> params.logitBias().getOrDefault(biasIds[i], 0.0));
        for (int i = 0; penalises && i < prompt.size(); i++) {
            index(prompt.get(i));
        }
    }

    /** Notes a generated token. */
    void add(int id) {
        if (penalises) {
            int place = index(id); // may replace the array
            generated[place]++;
        }
    }

    /** Changes {@code row} in place. */
    void apply(float[] row) {
        for (int i = 0; i < biasIds.length; i++) {
            row[biasIds[i]] = (float) (row[biasIds[i]] + biases[i]);
        }
        for (int i = 0; i < size; i++) {
            double logit = row[ids[i]];
            logit = logit > 0 ? logit / params.repetitionPenalty() : logit * params.repetitionPenalty();
            if (generated[i] > 0) {
                logit -= params.frequencyPenalty() * generated[i] + params.presencePenalty();
            }
            row[ids[i]] = (float) logit;
        }
    }

    /** Returns the place of {@code id} in {@link #ids}, giving it one when it is new. */
    private int index(int id) {
        int mask = slots.length - 1;
        int slot = ((id * 0x9E37_79B9) >>> 7) & mask;
        while (slots[slot] != 0) {
            if (ids[slots[slot] - 1] == id) {
                return slots[slot] - 1;
            }
            slot = (slot + 1) & mask;
        }
        if (size == ids.length) {
            grow();
            return index(id);
        }
        ids[size] = id;
        slots[slot] = ++size;
        return size - 1;
    }

    private void grow() {
        ids = Arrays.copyOf(ids, 2 * size);
        generated = Arrays.copyOf(generated, 2 * size);
        slots = new int[4 * size];
        int known = size;
        for (size = 0; size < known; ) {
            index(ids[size]);
        }
    }
}
