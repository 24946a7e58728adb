package belle.cli;

import belle.cluster.ClusterConfig;
import belle.node.StepHung;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.trace.TraceSpan;
import com.typesafe.config.Config;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.Done;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.http.javadsl.model.Uri;
import org.apache.pekko.management.javadsl.PekkoManagement;

/** The life of a process that is a member of a cluster: from its start to its leaving. */
final class MemberProcess {
    /** What a member does beside being one. */
    @FunctionalInterface
    interface Service {
        /** Starts, joins, and returns once there is something to say on standard output; {@code management} listens. */
        void start(ActorSystem<?> system, ClusterConfig cluster, String management)
                throws ExecutionException, InterruptedException;
    }

    private static final Duration LAST_PHASE = Duration.ofSeconds(5);

    private MemberProcess() {}

    /**
     * Runs until the process is asked to stop, or the cluster has let it go.
     *
     * @throws FailureException when it could not start, or was put out of its cluster
     */
    static int run(Config config, Service service) throws ExecutionException, InterruptedException {
        CompletableFuture<String> stop = Termination.requested();
        TraceSpan.configure(config);
        ClusterConfig cluster = ClusterConfig.of(config);
        Ports.refuseTaken(cluster.host(), cluster.port(), "--cluster-port");
        Ports.refuseTaken(cluster.managementHost(), cluster.managementPort(), "--management-port");
        ActorSystem<Void> system = ActorSystem.create(Behaviors.empty(), "belle", config);
        CompletionStage<Done> ended = ended(system);
        var _ = stop.thenCompose(_ -> CoordinatedShutdown.get(system).runAll(CoordinatedShutdown.jvmExitReason()));
        try {
            service.start(system, cluster, manage(system));
        } catch (ExecutionException | RuntimeException e) {
            boolean asked = stop.isDone();
            system.terminate();
            ended.toCompletableFuture().get();
            refuseLostCluster(system, cluster);
            if (asked) {
                return 0;
            }
            throw e;
        }
        ended.toCompletableFuture().get();
        refuseLostCluster(system, cluster);
        refuseHungStep(system);
        return 0;
    }

    /** Has a system's management endpoint listen; returns its URL. */
    static String manage(ActorSystem<?> system) throws ExecutionException, InterruptedException {
        Uri endpoint = PekkoManagement.get(system).start().toCompletableFuture().get();
        String url = endpoint.toString();
        return url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
    }

    /**
     * Completes when a system has ended, or has had its time to: a thread that hangs in native code holds it up for ever,
     * and does not outlive the process.
     */
    static CompletionStage<Done> ended(ActorSystem<?> system) {
        CompletableFuture<Done> ended = system.getWhenTerminated().toCompletableFuture();
        CompletableFuture<Done> lastPhase = new CompletableFuture<>();
        CoordinatedShutdown.get(system)
                .addTask(CoordinatedShutdown.PhaseActorSystemTerminate(), "belle-last-phase", () -> {
                    lastPhase.completeOnTimeout(Done.done(), LAST_PHASE.toMillis(), TimeUnit.MILLISECONDS);
                    return CompletableFuture.completedFuture(Done.done());
                });
        return ended.applyToEither(lastPhase, done -> done);
    }

    /**
     * Tells whether a system ended because a step of its node hung.
     *
     * @throws FailureException that says so
     */
    static void refuseHungStep(ActorSystem<?> system) {
        if (CoordinatedShutdown.get(system).getShutdownReason().orElse(null)
                instanceof StepHung(var model, var seconds)) {
            throw new FailureException(new Failure.Unavailable(
                    "a step of " + model + " had not come back after " + seconds + " s; start the process again"));
        }
    }

    /** By the virtual machine's clock: the system tells the start of a process by a boot time in whole seconds. */
    static double secondsSinceStart() {
        return ManagementFactory.getRuntimeMXBean().getUptime() / 1e3;
    }

    private static void refuseLostCluster(ActorSystem<?> system, ClusterConfig cluster) {
        Optional<CoordinatedShutdown.Reason> reason =
                CoordinatedShutdown.get(system).getShutdownReason();
        if (reason.equals(Optional.of(CoordinatedShutdown.clusterDowningReason()))) {
            throw new FailureException(new Failure.Unavailable(
                    "the cluster goes on without this member, which was unreachable for too long or on the smaller side"
                            + " of a cut; start it again"));
        }
        if (reason.equals(Optional.of(CoordinatedShutdown.clusterJoinUnsuccessfulReason()))) {
            throw new FailureException(new Failure.Unavailable("none of the seeds " + String.join(", ", cluster.seeds())
                    + " let this process join within " + cluster.joinDeadline().toSeconds() + " s"));
        }
        if (reason.equals(Optional.of(CoordinatedShutdown.incompatibleConfigurationDetectedReason()))) {
            throw new FailureException(
                    new Failure.Unavailable(
                            "the cluster has other settings than this process; start all members with the same version and files"));
        }
    }
}
