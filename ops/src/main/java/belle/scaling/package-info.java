/**
 * Throughput and memory of clusters that are not at hand: a model of a step's time on a described machine, and a simulation in which
 * the real {@link belle.engine.Engine} of each node is driven by it. Pure: no clock, no thread, randomness by seed.
 */
@NullMarked
package belle.scaling;

import org.jspecify.annotations.NullMarked;
