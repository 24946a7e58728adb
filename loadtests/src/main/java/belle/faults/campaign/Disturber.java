package belle.faults.campaign;

import belle.faults.client.Recorder;
import belle.faults.cluster.Member;
import belle.faults.cluster.Member.Signal;
import belle.faults.cluster.TestCluster;
import belle.faults.history.Entry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.locks.ReentrantLock;

/** Does one thing at a time to one process, and puts it right again. */
final class Disturber {
    private static final long END_SECONDS = 90;
    private static final long PUT_OUT_MILLIS = 11_000;
    private static final long LEARN_SECONDS = 15;
    private static final int STARTS = 3;

    private final TestCluster cluster;
    private final Recorder recorder;
    /** Held while a process is disturbed on purpose. */
    private final Map<Member, ReentrantLock> locks = new HashMap<>();

    Disturber(TestCluster cluster, Recorder recorder) {
        this.cluster = cluster;
        this.recorder = recorder;
        cluster.members().forEach(member -> locks.put(member, new ReentrantLock()));
    }

    /**
     * Inflicts a fault and returns when the process is a healthy one again.
     *
     * @throws IOException when it cannot be brought back
     */
    void inflict(FaultKind kind, Member member, Random random) throws IOException, InterruptedException {
        ReentrantLock lock = Objects.requireNonNull(locks.get(member));
        lock.lock();
        try {
            inflictAlone(kind, member, random);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Starts again whatever has ended by itself, as a supervisor does: a process that got no processor for too long, for
     * example, and was put out by the others.
     */
    void supervise() throws IOException {
        for (Member member : cluster.members()) {
            ReentrantLock lock = Objects.requireNonNull(locks.get(member));
            if (lock.tryLock()) {
                try {
                    if (!member.isAlive()) {
                        recorder.add(at -> new Entry.Fault(at, "put out", member.name(), true));
                        start(member);
                        recorder.add(at -> new Entry.Fault(at, "put out", member.name(), false));
                    }
                } finally {
                    lock.unlock();
                }
            }
        }
    }

    private void inflictAlone(FaultKind kind, Member member, Random random) throws IOException, InterruptedException {
        String name = kind.name().toLowerCase(Locale.ROOT);
        recorder.add(at -> new Entry.Fault(at, name, member.name(), true));
        try {
            switch (kind) {
                case KILL -> member.send(Signal.KILL);
                case CRASH -> member.send(Signal.SEGV);
                case TERM -> member.send(Signal.TERM);
                case DRAIN -> drain(member);
                case PAUSE -> pause(member, 200 + random.nextInt(700));
                case FREEZE -> pause(member, PUT_OUT_MILLIS + random.nextInt(3000));
                case HANG -> hang(member);
                case BLIP -> cut(member, 500 + random.nextInt(600));
                case CUT -> cut(member, PUT_OUT_MILLIS + random.nextInt(3000));
                case DEAF -> deafen(member);
            }
            restart(kind, member);
        } finally {
            recorder.add(at -> new Entry.Fault(at, name, member.name(), false));
        }
    }

    /** Asks one gateway, or else the other: each may just have been put out. */
    private void drain(Member member) throws IOException {
        try {
            cluster.drain(member, cluster.gateways().getFirst());
        } catch (IOException e) {
            cluster.drain(member, cluster.gateways().getLast());
        }
    }

    private static void pause(Member member, long millis) throws IOException, InterruptedException {
        member.send(Signal.STOP);
        try {
            Thread.sleep(millis);
        } finally {
            member.send(Signal.CONT);
        }
    }

    private void cut(Member member, long millis) throws IOException, InterruptedException {
        cluster.network().cut(member.number());
        try {
            Thread.sleep(millis);
        } finally {
            cluster.network().mend(member.number());
        }
    }

    private void deafen(Member member) throws IOException, InterruptedException {
        List<Integer> nodes = cluster.nodes().stream().map(Member::number).toList();
        cluster.network().cutBetween(member.number(), nodes);
        try {
            Thread.sleep(1200);
        } finally {
            cluster.network().mendBetween(member.number(), nodes);
        }
    }

    private void hang(Member member) throws IOException, InterruptedException {
        Path file = Files.writeString(cluster.hangFile(member.name()), "");
        try {
            member.awaitEnd(END_SECONDS);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    /** Waits for the end of a process that is to end, and starts it again. */
    private void restart(FaultKind kind, Member member) throws IOException, InterruptedException {
        boolean mayLive = switch (kind) {
            case KILL, CRASH, TERM, DRAIN, HANG -> false;
            case FREEZE, CUT, PAUSE, BLIP, DEAF -> true;
        };
        boolean putOut = kind == FaultKind.FREEZE || kind == FaultKind.CUT;
        if (mayLive && !member.awaitEnd(putOut ? LEARN_SECONDS : 0)) {
            return;
        }
        if (!member.awaitEnd(END_SECONDS)) {
            member.send(Signal.KILL);
            throw new IOException(
                    member.name() + " did not end within " + END_SECONDS + " s after " + kind + "; see its log");
        }
        start(member);
    }

    private static void start(Member member) throws IOException {
        for (int i = 0; i < STARTS; i++) {
            member.start();
            if (member.awaitReady()) {
                return;
            }
        }
        throw new IOException(member.name() + " did not start again; see its log");
    }
}
