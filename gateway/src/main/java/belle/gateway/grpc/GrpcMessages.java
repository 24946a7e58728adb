package belle.gateway.grpc;

import belle.gateway.api.Errors;
import belle.gateway.api.RefusedException;
import belle.proto.Failure;
import belle.proto.FailureException;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import org.apache.pekko.util.ByteString;

/** What stands on the wire (gRPC over HTTP/2, "Length-Prefixed-Message" and "Timeout"). */
final class GrpcMessages {
    /** Bytes before a message: one flag and its length. */
    static final int PREFIX_BYTES = 5;

    private static final String TIMEOUT = "[0-9]{1,8}[HMSmun]";

    private GrpcMessages() {}

    /** Reads the one message of a call's request; a fault is a {@link FailureException} or {@link RefusedException}. */
    static <Q extends Message> Q read(ByteString body, Parser<Q> parser) {
        if (body.size() < PREFIX_BYTES) {
            throw invalid("the call has no request message");
        }
        if (body.apply(0) != 0) {
            // A message that grows without bound when it is unpacked is not worth what packing saves here.
            throw new RefusedException(Errors.request(
                    415, "messages are not unpacked here: send them as they are", null, "unsupported_media_type"));
        }
        int length = body.slice(1, PREFIX_BYTES).asByteBuffer().getInt();
        if (length != body.size() - PREFIX_BYTES) {
            throw invalid("the call must have one request message, of the length that stands before it");
        }
        try {
            return parser.parseFrom(body.drop(PREFIX_BYTES).toArrayUnsafe());
        } catch (InvalidProtocolBufferException e) {
            throw invalid("the request message cannot be read: " + e.getMessage());
        }
    }

    /** Reads a {@code grpc-timeout}, or returns empty if it is none. */
    static Optional<Duration> timeout(String text) {
        if (!text.matches(TIMEOUT)) {
            return Optional.empty();
        }
        long amount = Long.parseLong(text.substring(0, text.length() - 1));
        ChronoUnit unit = switch (text.charAt(text.length() - 1)) {
            case 'H' -> ChronoUnit.HOURS;
            case 'M' -> ChronoUnit.MINUTES;
            case 'S' -> ChronoUnit.SECONDS;
            case 'm' -> ChronoUnit.MILLIS;
            case 'u' -> ChronoUnit.MICROS;
            default -> ChronoUnit.NANOS;
        };
        return Optional.of(Duration.of(amount, unit));
    }

    private static FailureException invalid(String message) {
        return new FailureException(new Failure.Invalid("", message));
    }
}
