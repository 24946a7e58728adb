package belle.replica;

import belle.engine.EngineConfig;
import belle.engine.ModelFacts;
import belle.runtime.CachePool;
import belle.runtime.StepRunner;

/**
 * What a replica is built from.
 *
 * @param model the name it is served under
 * @param pool closed by the replica when it stops, after {@code runner}
 * @param runner closed by the replica when it stops
 */
public record ReplicaParts(
        String model,
        ModelFacts facts,
        EngineConfig engine,
        ReplicaConfig replica,
        CachePool pool,
        StepRunner runner) {}
