package belle.proto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import belle.proto.session.Progress;
import belle.proto.session.SessionCommand;
import com.typesafe.config.ConfigFactory;
import java.io.NotSerializableException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class WireSerializerTest {
    private static final ActorTestKit KIT = ActorTestKit.create(
            ConfigFactory.parseString("belle.wire.max-message-bytes = 1000").withFallback(ConfigFactory.load()));
    private static final WireSerializer SERIALIZER =
            new WireSerializer((ExtendedActorSystem) Adapter.toClassic(KIT.system()));
    private static final SessionCommand CANCEL = new SessionCommand.Cancel("s~1", 0, 0);

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    @Test
    void readsWhatItWrote() throws NotSerializableException {
        assertThat(SERIALIZER.fromBinary(SERIALIZER.toBinary(CANCEL), SERIALIZER.manifest(CANCEL)))
                .isEqualTo(CANCEL);
    }

    static Stream<Arguments> wrong() {
        byte[] right = SERIALIZER.toBinary(CANCEL);
        String type = SERIALIZER.manifest(CANCEL);
        return Stream.of(
                Arguments.of(right, "2" + type.substring(1), "not of version 1"),
                Arguments.of(right, "java.lang.Runtime", "not of version 1"),
                Arguments.of(right, "1:java.lang.Runtime", "no message"),
                Arguments.of(right, "1:belle.proto.Nothing", "belle.proto.Nothing"),
                Arguments.of(right, "1:belle.proto.UserCache", "belle.proto.UserCache"),
                Arguments.of("rubbish".getBytes(StandardCharsets.UTF_8), type, "cannot be read"),
                Arguments.of(new byte[0], type, "cannot be read"),
                Arguments.of(new byte[1001], type, "1001 bytes"));
    }

    @ParameterizedTest
    @MethodSource("wrong")
    void refusesWhatIsNoMessageAndSaysWhy(byte[] bytes, String manifest, String reason) {
        assertThatThrownBy(() -> SERIALIZER.fromBinary(bytes, manifest))
                .isInstanceOf(NotSerializableException.class)
                .hasMessageContaining(reason);
    }

    @Test
    void writesNothingThatNobodyWouldRead() {
        var large = new SessionCommand.Cancel("s".repeat(1001), 0, 0);
        assertThatThrownBy(() -> SERIALIZER.toBinary(large)).hasMessageContaining("Cancel", "1000");
    }

    /** A member of a later version adds a field, one of an earlier version does not know another. */
    @Test
    void readsMembersWithMoreAndWithFewerFields() throws NotSerializableException {
        var progress = new Progress.Choice(Tokens.of(1), true, 5);
        var said = new Said(List.of(progress), 3, "new");
        var heard = (Heard) SERIALIZER.fromBinary(
                SERIALIZER.toBinary(said), SERIALIZER.manifest(said).replace("$Said", "$Heard"));
        assertThat(heard).isEqualTo(new Heard(List.of(progress), 0));
    }

    record Said(List<Progress.Choice> choices, int count, String added) implements Wire {}

    record Heard(List<Progress.Choice> choices, int missing) implements Wire {}
}
