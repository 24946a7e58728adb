package belle.runtime;

import belle.engine.BlockCopy;
import belle.proto.FailureException;
import belle.proto.bundle.Bundle;
import belle.proto.bundle.Verification;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * The process of one rank; see {@link RankProcess}, which starts it. Ends with the node: when its input ends, or when it has another
 * parent.
 */
final class RankMain {
    private static final long LOOK_NANOS = 500_000_000;
    private static final int MESSAGE_CHARACTERS = 10_000;

    private final DataInputStream steps =
            new DataInputStream(new BufferedInputStream(new FileInputStream(FileDescriptor.in)));
    private final DataOutputStream answers =
            new DataOutputStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out)));

    private RankMain() {}

    /**
     * Runs a rank.
     *
     * @param args the collective's file, the logits' file, and {@link RankPlan#arguments}
     */
    public static void main(String[] args) throws IOException {
        // Whatever prints must not print between the answers.
        System.setOut(new PrintStream(new FileOutputStream(FileDescriptor.err), true));
        endWithTheNode();
        var plan = RankPlan.parse(Arrays.asList(args).subList(2, args.length));
        new RankMain().serve(plan, Path.of(args[0]), Path.of(args[1]));
    }

    private static void endWithTheNode() {
        Optional<ProcessHandle> node = ProcessHandle.current().parent();
        Thread.ofPlatform().daemon().name("end-with-the-node").start(() -> {
            while (ProcessHandle.current().parent().equals(node)) {
                LockSupport.parkNanos(LOOK_NANOS);
            }
            Runtime.getRuntime().halt(1);
        });
    }

    private void serve(RankPlan plan, Path meeting, Path logitsFile) throws IOException {
        Optional<Collective> collective =
                plan.degree() == 1 ? Optional.empty() : Optional.of(Collective.map(meeting, plan.degree()));
        Bundle bundle = Bundle.open(plan.bundle(), Verification.STRUCTURE_ONLY);
        int columns = plan.share(bundle.manifest()).vocabulary().size();
        try (SharedLogits logits = SharedLogits.open(logitsFile, columns);
                OrtRank rank = plan.open(bundle, collective, logits)) {
            say("");
            var packed = new PackedStep();
            while (true) {
                StepFormat.Received step = StepFormat.read(steps, packed);
                say(run(rank, step.number(), step.copies(), packed));
            }
        } catch (FailureException e) {
            say(text(e));
        } catch (EOFException e) {
            // The node is done with this rank.
        }
    }

    private static String run(OrtRank rank, long number, List<BlockCopy> copies, PackedStep packed) {
        try {
            rank.run(number, copies, packed);
            return "";
        } catch (RuntimeException e) {
            return text(e);
        }
    }

    private static String text(RuntimeException e) {
        String text = String.valueOf(e.getMessage());
        return text.length() <= MESSAGE_CHARACTERS ? text : text.substring(0, MESSAGE_CHARACTERS);
    }

    private void say(String failure) throws IOException {
        answers.writeUTF(failure);
        answers.flush();
    }
}
