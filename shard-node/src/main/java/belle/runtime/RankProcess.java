package belle.runtime;

import belle.engine.BlockCopy;
import belle.proto.Failure;
import belle.proto.FailureException;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.function.Function;

/**
 * A rank in a process of its own: steps go to its standard input, its logits come in shared memory, and whatever happens to it
 * happens to nobody else.
 */
final class RankProcess implements Rank {
    private static final String HEAP = "-Xmx128m";

    private final String name;
    private final Process process;
    private final DataOutputStream steps;
    private final DataInputStream answers;
    private final SharedLogits logits;
    private volatile boolean givenUp;

    private RankProcess(String name, Process process, SharedLogits logits) {
        this.name = name;
        this.process = process;
        this.logits = logits;
        steps = new DataOutputStream(new BufferedOutputStream(process.getOutputStream()));
        answers = new DataInputStream(new BufferedInputStream(process.getInputStream()));
    }

    /**
     * Starts a rank and waits until it is open.
     *
     * @param columns of the logits that it computes
     * @param meeting the file of the ranks' {@link Collective}
     * @param late has work done when it takes too long, unless it is cancelled
     * @throws FailureException when it does not become ready
     */
    static RankProcess start(RankPlan plan, int columns, Path meeting, Function<Runnable, Future<?>> late) {
        String name = "rank " + plan.rank() + " of " + plan.degree();
        Path file = SharedFiles.create("logits");
        try {
            var logits = SharedLogits.open(file, columns);
            var started = new RankProcess(name, command(plan, meeting, file).start(), logits);
            started.awaitReady(late);
            return started;
        } catch (IOException e) {
            throw new FailureException(new Failure.Internal(name + " cannot be started: " + e.getMessage()), e);
        } finally {
            SharedFiles.delete(file);
        }
    }

    private static ProcessBuilder command(RankPlan plan, Path meeting, Path logits) {
        List<String> command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElse("java"),
                "--enable-native-access=ALL-UNNAMED",
                HEAP,
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                RankMain.class.getName(),
                meeting.toString(),
                logits.toString()));
        command.addAll(plan.arguments());
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(Redirect.INHERIT);
        builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
        builder.environment().put("ORT_DISABLE_TELEMETRY", "1");
        return builder;
    }

    private void awaitReady(Function<Runnable, Future<?>> late) {
        Future<?> tooLate = late.apply(this::giveUp);
        try {
            answer();
            tooLate.cancel(false);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    @Override
    public FloatBuffer run(long number, List<BlockCopy> copies, PackedStep packed) {
        try {
            StepFormat.write(steps, number, copies, packed);
        } catch (IOException e) {
            throw died(e);
        }
        answer();
        return logits.of(packed.logitRows().limit());
    }

    /** Waits for what the rank says: nothing, or why it failed. */
    private void answer() {
        try {
            String failure = answers.readUTF();
            if (!failure.isEmpty()) {
                throw new FailureException(new Failure.Internal(name + ": " + failure));
            }
        } catch (IOException e) {
            throw died(e);
        }
    }

    private FailureException died(IOException e) {
        String why = givenUp ? " was given up: it took too long" : " is gone";
        return new FailureException(new Failure.Internal(name + why), e);
    }

    @Override
    public void giveUp() {
        givenUp = true;
        process.destroyForcibly();
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
        logits.close();
    }
}
