package belle.scaling;

import java.util.Optional;

/**
 * What a simulation gave. Times are seconds; not a number where nothing happened.
 *
 * @param tokensPerSecond of all nodes
 * @param requests whose first token came
 * @param refused because a node's queue was full
 * @param meanSequences in a step
 * @param time where the steps of all nodes spent theirs
 * @param shortage what sequences wait for while most steps run, if they do
 */
public record Outcome(
        double tokensPerSecond,
        double firstTokenMedian,
        double firstToken99,
        double gapMedian,
        double gap99,
        long requests,
        long refused,
        double meanSequences,
        StepTime time,
        Optional<Shortage> shortage) {}
