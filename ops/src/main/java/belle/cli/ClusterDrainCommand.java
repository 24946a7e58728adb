package belle.cli;

import belle.proto.Failure;
import belle.proto.FailureException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code belle cluster drain}: a member hands over or finishes its streams, leaves, and ends its process. */
@Command(name = "drain", description = "Has a member take nothing new, hand over what it has, and leave.")
final class ClusterDrainCommand implements Callable<Integer> {
    private static final Duration POLL = Duration.ofMillis(200);

    @Mixin
    private ManagementClient management;

    @Parameters(paramLabel = "NODE", description = "HOST:PORT of the member, as 'belle cluster status' shows it.")
    private String node;

    @Option(
            names = "--timeout",
            defaultValue = "60",
            description = "Seconds to wait until it has left (${DEFAULT-VALUE}).")
    private int timeoutSeconds;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException {
        long start = System.nanoTime();
        management.drain(node);
        while (isMember()) {
            if (System.nanoTime() - start > Duration.ofSeconds(timeoutSeconds).toNanos()) {
                throw new FailureException(new Failure.Unavailable(
                        node + " was asked to leave, but is still a member after " + timeoutSeconds + " s"));
            }
            Thread.sleep(POLL);
        }
        spec.commandLine()
                .getOut()
                .printf(Locale.ROOT, "%s has left after %.1f s%n", node, (System.nanoTime() - start) / 1e9);
        return 0;
    }

    private boolean isMember() throws IOException, InterruptedException {
        for (JsonNode member : management.status().get("members")) {
            if (member.get("address").asText().equals(node)) {
                return true;
            }
        }
        return false;
    }
}
