package belle.faults.simulation;

import com.typesafe.config.ConfigFactory;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.BootstrapSetup;
import org.apache.pekko.actor.PoisonPill;
import org.apache.pekko.actor.setup.ActorSystemSetup;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.dispatch.Mailbox;
import scala.concurrent.ExecutionContext;

/**
 * A simulated process: an actor system whose actors only queue to run, one message at a time. A frozen one is not run; one
 * that is dead runs on until its actors have stopped, but nobody hears it.
 */
final class Host implements ExecutionContext {
    /** Something to run; actors keep their number. */
    private record Task(long number, Runnable action) {}

    private static final String CONFIG = """
            pekko {
              loglevel = OFF
              stdout-loglevel = OFF
              log-dead-letters = off
              log-dead-letters-during-shutdown = off
              scheduler.implementation = "belle.faults.simulation.SimulatedScheduler"
              actor {
                provider = local
                default-dispatcher { type = Dispatcher, executor = default-executor, throughput = 1 }
                internal-dispatcher { type = Dispatcher, executor = default-executor, throughput = 1 }
              }
            }
            belle.rank-dispatcher { type = Dispatcher, executor = default-executor, throughput = 1 }
            """;
    /** The one actor whose work takes time. */
    private static final String RANK = "rank-0";

    private static final long LEAST_STEP_MICROS = 3 * SimulatedTime.MILLIS;
    private static final long MOST_STEP_MICROS = 60 * SimulatedTime.MILLIS;

    private final String name;
    private final SimulatedTime time;
    private final List<Task> ready = new ArrayList<>();
    private final List<Runnable> arrived = new ArrayList<>();
    private final IdentityHashMap<Runnable, Long> numbers = new IdentityHashMap<>();
    private final ExecutorService starter = Executors.newSingleThreadExecutor();
    private final ActorSystem<Void> system;
    private volatile boolean starting = true;
    private volatile boolean started;
    private boolean frozen;
    private boolean dead;
    private long spawned;
    private long numbered;

    /** Starts a process; while its system starts, and only then, it has a thread. */
    Host(String name, SimulatedTime time) throws InterruptedException {
        this.name = name;
        this.time = time;
        ClassLoader classes = Host.class.getClassLoader();
        var setup = BootstrapSetup.create()
                .withClassloader(classes)
                .withConfig(ConfigFactory.parseString(CONFIG).withFallback(ConfigFactory.load(classes)))
                .withDefaultExecutionContext(this);
        system = ActorSystem.create(Behaviors.<Void>empty(), name, ActorSystemSetup.create(setup));
        starting = false;
        starter.shutdown();
        if (!starter.awaitTermination(60, TimeUnit.SECONDS)) {
            throw new IllegalStateException("the system of " + name + " does not start");
        }
        started = true;
        ((SimulatedScheduler) system.classicSystem().scheduler()).follow(time);
    }

    /** Is whole again, for another run. */
    void begin() {
        frozen = false;
        dead = false;
        arrived.clear();
        numbers.clear();
        numbered = 0;
    }

    ActorSystem<Void> system() {
        return system;
    }

    /** Number of things that could run now. */
    int ready() {
        return frozen ? 0 : ready.size();
    }

    /** Runs one of the things that could. */
    void run(int which) {
        ready.remove(which).action().run();
    }

    boolean dead() {
        return dead;
    }

    /** Whether it does nothing, for now or for good. */
    boolean silent() {
        return dead || frozen;
    }

    void die() {
        dead = true;
        frozen = false;
        arrived.clear();
    }

    void freeze() {
        frozen = !dead;
    }

    void thaw() {
        frozen = false;
        arrived.forEach(Runnable::run);
        arrived.clear();
    }

    /** Has the process do something now, or once it is not frozen any more. */
    void whenAwake(Runnable action) {
        if (frozen) {
            arrived.add(action);
        } else {
            action.run();
        }
    }

    /** Starts an actor under a name that begins with {@code kind}. */
    <T> ActorRef<T> spawn(Behavior<T> behavior, String kind) {
        return system.systemActorOf(behavior, kind + "-" + spawned++, Props.empty());
    }

    /** Has an actor stop when it has heard what it was told before. */
    static void stop(ActorRef<?> actor) {
        Adapter.toClassic(actor).tell(PoisonPill.getInstance(), org.apache.pekko.actor.ActorRef.noSender());
    }

    /** Does something when an actor of this process has ended. */
    void whenEnded(ActorRef<?> actor, Runnable action) {
        spawn(
                Behaviors.setup(context -> {
                    context.watch(actor);
                    return Behaviors.receive(Object.class)
                            .onSignal(Terminated.class, _ -> {
                                action.run();
                                return Behaviors.stopped();
                            })
                            .build();
                }),
                "witness");
    }

    @Override
    public void execute(Runnable task) {
        if (starting) {
            starter.execute(task);
            return;
        }
        if (started) {
            time.checkThread();
        }
        if (!(task instanceof Mailbox mailbox)) {
            add(new Task(numbered++, task));
        } else if (mailbox.actor().self().path().name().equals(RANK)) {
            time.in(time.between(LEAST_STEP_MICROS, MOST_STEP_MICROS), () -> add(new Task(numbered++, task)));
        } else {
            add(new Task(numbers.computeIfAbsent(task, _ -> numbered++), task));
        }
    }

    /** An actor that ends tells the others in an order that no seed decides; here they are in order of birth again. */
    private void add(Task task) {
        int place = ready.size();
        while (place > 0 && ready.get(place - 1).number() > task.number()) {
            place--;
        }
        ready.add(place, task);
    }

    @Override
    public void reportFailure(Throwable cause) {
        throw new IllegalStateException("a task of " + name + " failed", cause);
    }

    @Override
    public String toString() {
        return name;
    }
}
