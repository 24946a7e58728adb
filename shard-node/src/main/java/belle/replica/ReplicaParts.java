package belle.replica;

import belle.engine.EngineConfig;
import belle.engine.ModelFacts;
import belle.runtime.KvLayout;
import belle.runtime.StepRunner;

/**
 * What a replica is built from.
 *
 * @param model the name it is served under
 * @param label tells the replicas of one name apart in metrics
 * @param layout of the cache that {@code runner} has
 * @param runner closed by the replica when it stops
 */
public record ReplicaParts(
        String model,
        String label,
        ModelFacts facts,
        EngineConfig engine,
        ReplicaConfig replica,
        KvLayout layout,
        StepRunner runner) {}
