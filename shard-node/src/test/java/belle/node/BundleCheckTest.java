package belle.node;

import static org.assertj.core.api.Assertions.assertThat;

import belle.proto.SamplingParams;
import belle.proto.node.NodeQuery.ModelInfo;
import java.util.List;
import org.junit.jupiter.api.Test;

class BundleCheckTest {
    private static final List<ModelInfo> CLUSTER = List.of(model("chat", "a1"), model("code", "b2"));

    @Test
    void theSameBundlesAndOtherNamesServeSideBySide() {
        assertThat(BundleDifference.of(List.of(model("chat", "a1"), model("new", "c3")), "m:1", CLUSTER))
                .isEmpty();
    }

    @Test
    void anotherBundleOfOneNameIsRefusedWithBothHashesAndTheMember() {
        var difference = BundleDifference.of(List.of(model("new", "c3"), model("code", "d4")), "m:1", CLUSTER);
        assertThat(difference.orElseThrow().message()).contains("'code'", "d4", "b2", "m:1");
    }

    @Test
    void anotherTypeOfTheCacheIsRefusedSinceItGivesOtherTokens() {
        List<ModelInfo> cluster = List.of(model("chat", "a1", 9, 32));
        assertThat(BundleDifference.of(List.of(model("chat", "a1", 9, 16)), "m:1", cluster)
                        .orElseThrow()
                        .message())
                .contains("'chat'", "f16", "f32", "m:1", "kv-cache-type");
        assertThat(BundleDifference.of(List.of(model("chat", "a1", 9, 8)), "m:1", cluster)
                        .orElseThrow()
                        .message())
                .contains("'chat'", "q8", "f32", "m:1", "kv-cache-type");
        assertThat(BundleDifference.of(List.of(model("chat", "a1", 9, 0)), "m:1", cluster))
                .isEmpty(); // a member of an earlier version does not tell
    }

    @Test
    void lessRoomForASequenceIsRefusedSinceAnswersWouldEndElsewhere() {
        List<ModelInfo> cluster = List.of(model("chat", "a1", 9, 32));
        assertThat(BundleDifference.of(List.of(model("chat", "a1", 7, 32)), "m:1", cluster)
                        .orElseThrow()
                        .message())
                .contains("'chat'", "7", "9", "m:1", "kv-cache-bytes");
    }

    private static ModelInfo model(String name, String bundle) {
        return model(name, bundle, 1, 16);
    }

    private static ModelInfo model(String name, String bundle, int contextTokens, int cacheBits) {
        return new ModelInfo(
                name,
                bundle,
                0,
                contextTokens,
                1,
                "bloom",
                "f16",
                false,
                true,
                SamplingParams.greedy(1),
                cacheBits,
                "");
    }
}
