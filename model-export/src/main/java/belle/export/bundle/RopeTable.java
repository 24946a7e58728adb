package belle.export.bundle;

import belle.export.checkpoint.ModelConfig.Llama;
import belle.export.checkpoint.RopeScaling;
import belle.export.checkpoint.RopeScaling.Dynamic;
import belle.export.checkpoint.RopeScaling.Linear;
import belle.export.checkpoint.RopeScaling.Llama3;
import belle.export.checkpoint.RopeScaling.None;

/**
 * The rotary embedding's cosines and sines: row p, column j belong to the angle {@code inverse frequency j * p}, both
 * rounded to float32 as the reference does; the functions themselves are computed in double and rounded once.
 */
final class RopeTable {
    private final int headDim;
    private final double theta;
    private final RopeScaling scaling;
    private final float[] frequencies;

    private RopeTable(Llama config) {
        headDim = config.headDim();
        theta = config.ropeTheta();
        scaling = config.ropeScaling();
        frequencies = new float[headDim / 2];
        for (int j = 0; j < frequencies.length; j++) {
            frequencies[j] = scaled(plain(theta, j));
        }
    }

    static RopeTable of(Llama config) {
        return new RopeTable(config);
    }

    float cos(int position, int column) {
        return (float) Math.cos(angle(position, column));
    }

    float sin(int position, int column) {
        return (float) Math.sin(angle(position, column));
    }

    private float angle(int position, int column) {
        return switch (scaling) {
            case None _, Linear _, Llama3 _ -> frequencies[column] * position;
            case Dynamic(double factor, int original) ->
                position < original
                        ? frequencies[column] * position
                        : plain(stretchedBase(factor, original, position + 1), column) * position;
        };
    }

    /** {@code 1 / theta^(2j/D)}: exponent and power in float32. */
    private float plain(double base, int column) {
        float exponent = (float) (2 * column) / headDim;
        return 1 / (float) Math.pow(base, exponent);
    }

    /**
     * The base for a sequence of {@code length} tokens beyond the original length. The length is the position's own, so
     * that a token's numbers depend on its history alone and never on what follows it in the same chunk.
     */
    private double stretchedBase(double factor, int original, int length) {
        double growth = factor * length / original - (factor - 1);
        return theta * Math.pow(growth, headDim / (headDim - 2.0));
    }

    private float scaled(float frequency) {
        return switch (scaling) {
            case None _, Dynamic _ -> frequency;
            case Linear(double factor) -> (float) (frequency / factor);
            case Llama3 llama3 -> byWavelength(frequency, llama3);
        };
    }

    /** Waves longer than the original length are stretched, short ones kept, those between interpolated. */
    private static float byWavelength(float frequency, Llama3 scaling) {
        double wavelength = 2 * Math.PI / frequency;
        double longest = scaling.originalTokens() / scaling.lowFrequencyFactor();
        double shortest = scaling.originalTokens() / scaling.highFrequencyFactor();
        if (wavelength > longest) {
            return (float) (frequency / scaling.factor());
        }
        if (wavelength < shortest) {
            return frequency;
        }
        double kept = (scaling.originalTokens() / wavelength - scaling.lowFrequencyFactor())
                / (scaling.highFrequencyFactor() - scaling.lowFrequencyFactor());
        return (float) ((1 - kept) * frequency / scaling.factor() + kept * frequency);
    }
}
