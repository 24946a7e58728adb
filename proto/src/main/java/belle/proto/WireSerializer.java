package belle.proto;

import com.typesafe.config.Config;
import java.io.NotSerializableException;
import java.util.Locale;
import kamon.Kamon;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.serialization.SerializerWithStringManifest;
import org.apache.pekko.serialization.jackson.JacksonCborSerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes messages between members as CBOR, and refuses what it does not know: another version of the protocol, a type that
 * is no message, content that is not one, more bytes than {@code belle.wire.max-message-bytes}. What is refused is counted
 * in {@code belle.wire.refused}, by reason, and logged by Pekko; the member goes on.
 *
 * <p>Fields may be added within a version: a reader ignores those it does not know and gives those it misses 0, false or
 * null. Anything else takes a new version, so that members of both never misunderstand each other.
 */
public final class WireSerializer extends SerializerWithStringManifest {
    /** Why a message was refused. */
    enum Refusal {
        VERSION,
        TYPE,
        CONTENT,
        SIZE
    }

    private static final Logger LOG = LoggerFactory.getLogger(WireSerializer.class);
    private static final int IDENTIFIER = 73550;
    private static final String VERSION = "1:";
    private static final String TYPES = "belle.proto.";

    private final JacksonCborSerializer cbor;
    private final long maxBytes;

    /** Made by Pekko, which finds it in {@code reference.conf}. */
    public WireSerializer(ExtendedActorSystem system) {
        Config config = system.settings().config();
        this.cbor = new JacksonCborSerializer(system, "jackson-cbor");
        this.maxBytes = config.getBytes("belle.wire.max-message-bytes");
    }

    @Override
    public int identifier() {
        return IDENTIFIER;
    }

    @Override
    public String manifest(Object message) {
        return VERSION + cbor.manifest(message);
    }

    /** @throws IllegalArgumentException when the message is larger than any member would take */
    @Override
    public byte[] toBinary(Object message) {
        byte[] bytes = cbor.toBinary(message);
        if (bytes.length > maxBytes) {
            count(Refusal.SIZE);
            throw new IllegalArgumentException(message.getClass().getSimpleName() + " takes " + bytes.length
                    + " bytes, belle.wire.max-message-bytes is " + maxBytes);
        }
        return bytes;
    }

    @Override
    public Object fromBinary(byte[] bytes, String manifest) throws NotSerializableException {
        if (!manifest.startsWith(VERSION)) {
            throw refused(Refusal.VERSION, "the message '" + manifest + "' is not of version " + VERSION.charAt(0));
        }
        String type = manifest.substring(VERSION.length());
        if (!type.startsWith(TYPES)) {
            throw refused(Refusal.TYPE, "'" + type + "' is no message");
        }
        if (bytes.length > maxBytes) {
            throw refused(
                    Refusal.SIZE,
                    type + " has " + bytes.length + " bytes, belle.wire.max-message-bytes is " + maxBytes);
        }
        try {
            Object message = cbor.fromBinary(bytes, type);
            if (message instanceof Wire) {
                return message;
            }
        } catch (Exception e) {
            LOG.debug("not a message", e);
            throw refused(e instanceof NotSerializableException ? Refusal.TYPE : Refusal.CONTENT, describe(type, e));
        }
        throw refused(Refusal.TYPE, "'" + type + "' is no message");
    }

    private static String describe(String type, Exception cause) {
        String text = String.valueOf(cause.getMessage());
        return type + " cannot be read: " + text.lines().findFirst().orElse("");
    }

    private static NotSerializableException refused(Refusal why, String message) {
        count(why);
        return new NotSerializableException(message);
    }

    private static void count(Refusal why) {
        Kamon.counter("belle.wire.refused")
                .withTag("reason", why.name().toLowerCase(Locale.ROOT))
                .increment();
    }
}
