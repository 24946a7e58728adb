package belle.node;

import belle.engine.EngineConfig;
import belle.journal.JournalConfig;
import belle.replica.ReplicaConfig;
import belle.runtime.RuntimeConfig;
import belle.session.SessionConfig;
import com.typesafe.config.Config;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Everything a node is told; the keys of {@code belle.node} in {@code reference.conf}. */
public record NodeConfig(
        List<Path> models,
        Duration drainDeadline,
        Duration checkDeadline,
        Duration leaveAfterStall,
        RetireConfig retire,
        PlantedFaults plantedFaults,
        boolean joinSelf,
        RuntimeConfig runtime,
        EngineConfig engine,
        ReplicaConfig replica,
        SessionConfig session,
        JournalConfig journal) {
    public NodeConfig {
        models = List.copyOf(models);
    }

    /**
     * Reads {@code belle.node}.
     *
     * @param root the actor system's whole configuration
     * @throws belle.proto.FailureException naming the key whose value is out of range
     */
    public static NodeConfig from(Config root) {
        Config config = root.getConfig("belle.node");
        return new NodeConfig(
                config.getStringList("models").stream().map(Path::of).toList(),
                config.getDuration("drain-deadline"),
                config.getDuration("check-deadline"),
                config.getDuration("leave-after-stall"),
                RetireConfig.from(config.getConfig("retire")),
                PlantedFaults.from(config.getConfig("planted-faults")),
                config.getBoolean("join-self"),
                RuntimeConfig.from(config.getConfig("runtime")),
                EngineConfig.from(config.getConfig("engine")),
                ReplicaConfig.from(config.getConfig("replica")),
                SessionConfig.from(config.getConfig("session")),
                JournalConfig.from(config.getConfig("journal")));
    }
}
