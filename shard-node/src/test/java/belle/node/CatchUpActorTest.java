package belle.node;

import static org.assertj.core.api.Assertions.assertThat;

import belle.proto.Failure;
import belle.proto.SamplingParams;
import belle.proto.node.NodeQuery;
import belle.proto.node.NodeQuery.ModelInfo;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CatchUpActorTest {
    private final ActorTestKit kit = ActorTestKit.create();
    private final TestProbe<NodeQuery> node = kit.createTestProbe(NodeQuery.class);
    private final TestProbe<CatchUpActor.Outcome> outcomes = kit.createTestProbe(CatchUpActor.Outcome.class);

    @AfterEach
    void end() {
        kit.shutdownTestKit();
    }

    private void begin(ModelInfo... models) {
        kit.spawn(CatchUpActor.create(List.of(models), node.getRef(), outcomes.getRef()));
    }

    private NodeQuery.LoadModel asksToLoad(ModelInfo model) {
        var asked = node.expectMessageClass(NodeQuery.LoadModel.class);
        assertThat(asked).isEqualTo(new NodeQuery.LoadModel(model.loadedFrom(), model.id(), true, asked.replyTo()));
        return asked;
    }

    private void loadsAndUses(ModelInfo model) {
        asksToLoad(model).replyTo().tell(done(model));
        var use = node.expectMessageClass(NodeQuery.UseModel.class);
        assertThat(use).isEqualTo(new NodeQuery.UseModel(model.id(), model.bundle(), use.replyTo()));
        use.replyTo().tell(done(model));
    }

    @Test
    void oneModelIsLoadedAndUsedAfterTheOther() {
        begin(model("a", "1"), model("b", "2"));
        loadsAndUses(model("a", "1"));
        loadsAndUses(model("b", "2"));
        outcomes.expectMessage(new CatchUpActor.Outcome(Optional.empty()));
    }

    @Test
    void aNodeThatIsLoadingSomethingIsAskedAgain() {
        begin(model("a", "1"));
        asksToLoad(model("a", "1")).replyTo().tell(failed(new Failure.Overloaded("busy", 5)));
        loadsAndUses(model("a", "1"));
        outcomes.expectMessage(new CatchUpActor.Outcome(Optional.empty()));
    }

    @Test
    void aFolderThatHoldsAnotherBundleIsNamed() {
        begin(model("a", "1"));
        asksToLoad(model("a", "1")).replyTo().tell(done(model("a", "2")));
        assertThat(outcomes.receiveMessage().failure().orElseThrow().message())
                .contains("bundle 1 as 'a'", "loaded from /bundles/a", "holds bundle 2");
        node.expectNoMessage();
    }

    @Test
    void aFolderThatIsNotThereIsNamed() {
        begin(model("a", "1"), model("b", "1"));
        asksToLoad(model("a", "1"))
                .replyTo()
                .tell(failed(new Failure.Broken("/bundles/a", "bundle.json", "is not there")));
        assertThat(outcomes.receiveMessage().failure().orElseThrow().message())
                .contains("bundle 1 as 'a'", "loaded from /bundles/a", "is not there");
        node.expectNoMessage();
    }

    private static NodeQuery.ModelChange done(ModelInfo model) {
        return new NodeQuery.ModelChange(Optional.of(model), Optional.empty());
    }

    private static NodeQuery.ModelChange failed(Failure failure) {
        return new NodeQuery.ModelChange(Optional.empty(), Optional.of(failure));
    }

    private static ModelInfo model(String name, String bundle) {
        return new ModelInfo(
                name, bundle, 0, 1, 1, "bloom", "f16", false, true, SamplingParams.greedy(1), 16, "/bundles/" + name);
    }
}
