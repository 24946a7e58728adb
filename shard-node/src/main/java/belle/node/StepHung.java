package belle.node;

import org.apache.pekko.actor.CoordinatedShutdown;

/** Why a node leaves its cluster by itself: a step has not come back. Its thread cannot be stopped, only its process. */
public record StepHung(String model, long seconds) implements CoordinatedShutdown.Reason {}
