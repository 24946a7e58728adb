package belle.gateway.work;

import belle.gateway.api.StreamName;
import belle.gateway.stream.OpenStream;

/** One stream of an answer; {@code echo} stands before each of its choices. */
public record Part(StreamName name, String echo, OpenStream.Begun begun) {
    private static final long MILLIS = 1000;

    /** Returns when the answer was asked for, in seconds since 1970: by the stream's name, or else by its session. */
    public long created() {
        long named = name.createdEpochSeconds();
        return named > 0 ? named : begun.accepted().begun() / MILLIS;
    }
}
