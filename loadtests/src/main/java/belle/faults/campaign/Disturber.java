package belle.faults.campaign;

import belle.faults.client.Recorder;
import belle.faults.cluster.Member;
import belle.faults.cluster.Member.Signal;
import belle.faults.cluster.TestCluster;
import belle.faults.history.Entry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.locks.ReentrantLock;

/** Does one thing at a time to one process, or the way between two, and puts it right again. */
final class Disturber {
    private static final long END_SECONDS = 90;
    private static final long PUT_OUT_MILLIS = 11_000;
    private static final long LEARN_SECONDS = 30;
    private static final long POLL_MILLIS = 100;
    private static final String PUT_OUT = "put-out";
    private static final int STARTS = 3;
    private static final Duration JUMP = Duration.ofHours(1);

    private final TestCluster cluster;
    private final Recorder recorder;
    /** Held while a process is disturbed on purpose. */
    private final Map<Member, ReentrantLock> locks = new LinkedHashMap<>();

    Disturber(TestCluster cluster, Recorder recorder) {
        this.cluster = cluster;
        this.recorder = recorder;
        cluster.members().forEach(member -> locks.put(member, new ReentrantLock()));
    }

    /**
     * Inflicts a fault and returns when the processes are healthy ones again.
     *
     * @throws IOException when they cannot be brought back
     */
    void inflict(Faults.Drawn drawn, Random random) throws IOException, InterruptedException {
        List<ReentrantLock> held = locks.entrySet().stream()
                .filter(lock -> drawn.members().contains(lock.getKey()))
                .map(Map.Entry::getValue)
                .toList();
        held.forEach(ReentrantLock::lock);
        try {
            inflictAlone(drawn, random);
        } finally {
            held.forEach(ReentrantLock::unlock);
        }
    }

    /**
     * Starts a process again that has ended by itself, as a supervisor does: one that got no processor for too long, for
     * example, and was put out by the others.
     */
    void supervise(Member member) throws IOException, InterruptedException {
        ReentrantLock lock = Objects.requireNonNull(locks.get(member));
        if (!lock.tryLock()) {
            return;
        }
        try {
            if (!member.isAlive()) {
                recorder.add(at -> new Entry.Fault(at, PUT_OUT, member.name(), true));
                start(member);
                recorder.add(at -> new Entry.Fault(at, PUT_OUT, member.name(), false));
            }
        } finally {
            lock.unlock();
        }
    }

    private void inflictAlone(Faults.Drawn drawn, Random random) throws IOException, InterruptedException {
        String name = drawn.kind().id();
        recorder.add(at -> new Entry.Fault(at, name, drawn.target(), true));
        try {
            if (drawn.kind().hitsJournal()) {
                disturbJournal(drawn.kind(), random);
                return;
            }
            Member member = drawn.members().getFirst();
            switch (drawn.kind()) {
                case KILL -> member.send(Signal.KILL);
                case CRASH -> member.send(Signal.SEGV);
                case TERM -> member.send(Signal.TERM);
                case DRAIN -> drain(member);
                case DRAIN_KILL -> killWhileDraining(member, random);
                case PAUSE -> pause(member, 200 + random.nextInt(700));
                case FREEZE -> pause(member, PUT_OUT_MILLIS + random.nextInt(3000));
                case HANG -> hang(member);
                case BLIP -> cut(member, 500 + random.nextInt(600));
                case CUT -> cut(member, PUT_OUT_MILLIS + random.nextInt(3000));
                case DEAF -> part(member, cluster.nodes(), 500 + random.nextInt(700));
                case PART -> part(member, drawn.members().subList(1, 2), 500 + random.nextInt(700));
                case SLOW -> slow(member, 1500 + random.nextInt(2500));
                case JUMP -> jump(member, random);
                case BLACKOUT -> drawn.members().forEach(each -> each.send(Signal.KILL));
                case AWAY, FULL -> throw new IllegalStateException(name + " is not for a member");
            }
            if (drawn.kind().hitsEverybody()) {
                startAll();
                return;
            }
            for (Member disturbed : drawn.members()) {
                bringBack(drawn.kind(), disturbed);
            }
        } finally {
            recorder.add(at -> new Entry.Fault(at, name, drawn.target(), false));
        }
    }

    /** Asks one gateway, or else the other: each may just have been put out. */
    private void drain(Member member) throws IOException {
        List<Member> others =
                cluster.gateways().stream().filter(gateway -> gateway != member).toList();
        try {
            cluster.drain(member, others.getFirst());
        } catch (IOException e) {
            cluster.drain(member, others.getLast());
        }
    }

    private void killWhileDraining(Member member, Random random) throws IOException, InterruptedException {
        drain(member);
        Thread.sleep(random.nextInt(1500));
        member.send(Signal.KILL);
    }

    private static void pause(Member member, long millis) throws InterruptedException {
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

    private void part(Member member, List<Member> others, long millis) throws IOException, InterruptedException {
        List<Integer> numbers = others.stream().map(Member::number).toList();
        cluster.network().cutBetween(member.number(), numbers);
        try {
            Thread.sleep(millis);
        } finally {
            cluster.network().mendBetween(member.number(), numbers);
        }
    }

    private void slow(Member member, long millis) throws IOException, InterruptedException {
        cluster.network().slow(member.number());
        try {
            Thread.sleep(millis);
        } finally {
            cluster.network().quicken(member.number());
        }
    }

    private static void jump(Member member, Random random) throws IOException, InterruptedException {
        member.setClock(random.nextBoolean() ? JUMP : JUMP.negated());
        try {
            Thread.sleep(1500 + random.nextInt(1500));
        } finally {
            member.setClock(Duration.ZERO);
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

    private void disturbJournal(FaultKind kind, Random random) throws IOException, InterruptedException {
        try {
            if (kind == FaultKind.FULL) {
                cluster.store().fill();
            } else {
                cluster.store().interrupt();
            }
            Thread.sleep(1000 + random.nextInt(4000));
        } finally {
            cluster.store().mend();
        }
    }

    /** Starts all processes of a cluster that is gone. */
    private void startAll() throws IOException, InterruptedException {
        for (Member member : cluster.members()) {
            member.awaitEnd(END_SECONDS);
        }
        cluster.start(Duration.ofSeconds(END_SECONDS));
    }

    /** Waits for the end of a process that is to end, or may, and starts it again; returns when it is well. */
    private void bringBack(FaultKind kind, Member member) throws IOException, InterruptedException {
        long end = System.nanoTime()
                + Duration.ofSeconds(kind.ends() ? END_SECONDS : LEARN_SECONDS).toNanos();
        while (!member.awaitEnd(0)) {
            if (!kind.ends() && cluster.isWell(member)) {
                return;
            }
            if (System.nanoTime() > end) {
                throw new IOException(
                        member.name() + " neither ended nor was well after " + kind.id() + "; see its log");
            }
            Thread.sleep(POLL_MILLIS);
        }
        start(member);
    }

    private static void start(Member member) throws IOException, InterruptedException {
        for (int i = 0; i < STARTS; i++) {
            member.start();
            if (member.awaitReady()) {
                return;
            }
        }
        throw new IOException(member.name() + " did not start again; see its log");
    }
}
