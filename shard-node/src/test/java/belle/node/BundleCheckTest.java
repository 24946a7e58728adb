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
        assertThat(BundleCheckActor.difference(List.of(model("chat", "a1"), model("new", "c3")), "m:1", CLUSTER))
                .isEmpty();
    }

    @Test
    void anotherBundleOfOneNameIsRefusedWithBothHashesAndTheMember() {
        var difference = BundleCheckActor.difference(List.of(model("new", "c3"), model("code", "d4")), "m:1", CLUSTER);
        assertThat(difference.orElseThrow().message()).contains("'code'", "d4", "b2", "m:1");
    }

    private static ModelInfo model(String name, String bundle) {
        return new ModelInfo(name, bundle, 0, 1, 1, "bloom", "f16", false, true, SamplingParams.greedy(1));
    }
}
