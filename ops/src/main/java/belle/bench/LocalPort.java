package belle.bench;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;

/** A TCP port of this machine, for a server that is about to be started. */
public record LocalPort(int number) {
    /** Finds one that nobody listens on now. */
    public static LocalPort free() throws IOException {
        try (var socket = new ServerSocket(0)) {
            return new LocalPort(socket.getLocalPort());
        }
    }

    /** Returns the address of a path there. */
    public URI at(String path) {
        return URI.create("http://127.0.0.1:" + number + path);
    }

    /** The number, as a command line has it. */
    @Override
    public String toString() {
        return Integer.toString(number);
    }
}
