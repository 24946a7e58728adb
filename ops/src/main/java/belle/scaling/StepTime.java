package belle.scaling;

/**
 * Where the seconds of a step, or of many, go.
 *
 * @param weights reading weights from memory, where that takes longer than the products' operations
 * @param operations products that take longer than reading their weights, and attention of prompts
 * @param cache reading keys and values
 * @param collective ranks' sums
 * @param overhead everything else: the other operators, planning, drawing
 */
public record StepTime(double weights, double operations, double cache, double collective, double overhead) {
    static final StepTime NONE = new StepTime(0, 0, 0, 0, 0);

    /** Seconds. */
    public double total() {
        return weights + operations + cache + collective + overhead;
    }

    StepTime plus(StepTime other) {
        return new StepTime(
                weights + other.weights,
                operations + other.operations,
                cache + other.cache,
                collective + other.collective,
                overhead + other.overhead);
    }

    /** What takes most of the time. */
    public Limit limit() {
        double bandwidth = weights + cache;
        double most = Math.max(Math.max(bandwidth, operations), Math.max(collective, overhead));
        if (most == bandwidth) {
            return Limit.BANDWIDTH;
        }
        return most == operations ? Limit.OPERATIONS : most == collective ? Limit.COLLECTIVE : Limit.OVERHEAD;
    }

    /** Of the whole, from 0 to 1. */
    public double share(Limit limit) {
        double part = switch (limit) {
            case BANDWIDTH -> weights + cache;
            case OPERATIONS -> operations;
            case COLLECTIVE -> collective;
            case OVERHEAD -> overhead;
        };
        return total() == 0 ? 0 : part / total();
    }
}
