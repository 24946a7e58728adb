package belle.cli;

import java.lang.reflect.Proxy;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The order to stop: SIGTERM or Ctrl-C. The JVM's own way ends with status 143 and runs its shutdown hooks while the
 * members of a cluster still talk; caught here, a process can leave first and end with status 0.
 */
final class Termination {
    private Termination() {}

    /** Completes when the process is asked to stop; asked again it does nothing more. */
    static CompletableFuture<String> requested() {
        var requested = new CompletableFuture<String>();
        handle("TERM", requested);
        handle("INT", requested);
        return requested;
    }

    /** By reflection, since javac warns of every other use of sun.misc. */
    private static void handle(String name, CompletableFuture<String> requested) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object completes = Proxy.newProxyInstance(
                    Termination.class.getClassLoader(),
                    new Class<?>[] {handler},
                    (_, method, arguments) -> method.getName().equals("handle")
                            ? whenHandled(name, requested)
                            : method.invoke(requested, arguments));
            signal.getMethod("handle", signal, handler)
                    .invoke(null, signal.getConstructor(String.class).newInstance(name), completes);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("signal " + name + " cannot be handled by this JVM", e);
        }
    }

    private static @Nullable Object whenHandled(String name, CompletableFuture<String> requested) {
        requested.complete(name);
        return null;
    }
}
