package belle.gateway.work;

import belle.gateway.api.StreamName;
import belle.gateway.stream.OpenStream;

/** One stream of an answer; {@code echo} stands before each of its choices. */
public record Part(StreamName name, String echo, OpenStream.Begun begun) {}
