package belle.cli;

import belle.proto.Check;
import belle.proto.Failure;
import belle.proto.FailureException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/** Says at once what would otherwise come after the models were opened. */
final class Ports {
    private Ports() {}

    /** Refuses a port that cannot be listened on; {@code flag} chooses another one. */
    static void refuseTaken(String host, int port, String flag) {
        try (var socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(host, port));
            Check.that(socket.isBound(), "a socket without an exception is bound");
        } catch (IOException e) {
            throw new FailureException(
                    new Failure.Unavailable("port " + port + " of " + host + " cannot be used (" + e.getMessage()
                            + "); choose another with " + flag),
                    e);
        }
    }
}
