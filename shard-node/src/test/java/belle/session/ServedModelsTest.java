package belle.session;

import static org.assertj.core.api.Assertions.assertThat;

import belle.proto.Failure;
import belle.proto.SamplingParams;
import belle.proto.Tokens;
import belle.proto.session.Progress;
import belle.proto.session.SessionCommand;
import belle.proto.session.StreamEvent;
import belle.replica.BatchActor;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Sessions while the node changes the bundles and replicas that they compute with. */
class ServedModelsTest {
    private final SessionFixture fix = new SessionFixture();
    private final TestProbe<BatchActor.Command> otherReplica = fix.kit.createTestProbe();
    private final ServedModel next = SessionFixture.model("b2", List.of(otherReplica.getRef()));

    @AfterEach
    void stop() {
        fix.kit.shutdownTestKit();
    }

    private void swap() {
        fix.models.add(next);
        fix.models.use(next);
    }

    private SessionCommand.Generate request(String stream) {
        return (SessionCommand.Generate) fix.generate(stream, "m", Tokens.of(1), SamplingParams.greedy(3));
    }

    @Test
    void newStreamsTakeTheBundleThatIsUsedAndSayWhich() {
        swap();
        fix.session.tell(request("s~2"));
        var submit = (BatchActor.Submit) otherReplica.receiveMessage();
        submit.replyTo().tell(new BatchActor.Admitted("s~2", 1));
        assertThat(fix.accepted().bundle()).isEqualTo("b2");
        fix.replica.expectNoMessage();
    }

    @Test
    void aStreamThatHasBegunEndsWithItsBundle() {
        fix.begin();
        swap();
        fix.produce(0, 1);
        assertThat(fix.next()).isEqualTo(SessionFixture.delta(1, 0));
        fix.session.tell(new SessionCommand.Cancel(SessionFixture.STREAM, 0, 1));
        assertThat(fix.replica.receiveMessage()).isInstanceOf(BatchActor.Cancel.class);
        fix.session.tell(new SessionCommand.Resume(SessionFixture.STREAM, 0, 0, 1, fix.reader.getRef()));
        assertThat(fix.submitted().request().stream()).isEqualTo(SessionFixture.STREAM);
        otherReplica.expectNoMessage();
    }

    @Test
    void aStreamFromElsewhereGoesOnWithTheBundleThatItNames() {
        swap();
        var progress = new Progress(0, 2, false, List.of(new Progress.Choice(Tokens.of(5), false)));
        fix.session.tell(new SessionCommand.Continue(request("s~2").by("b1"), progress));
        assertThat(fix.submitted().request().stream()).isEqualTo("s~2");
        fix.replica(new BatchActor.Admitted("s~2", 2));
        assertThat(fix.accepted().bundle()).isEqualTo("b1");
    }

    @Test
    void aBundleThatIsGoneIsNotAnotherOne() {
        swap();
        fix.models.remove(fix.model);
        var progress = new Progress(0, 2, false, List.of(new Progress.Choice(Tokens.of(5), false)));
        fix.session.tell(new SessionCommand.Continue(request("s~2").by("b1"), progress));
        assertThat(fix.refusal())
                .isInstanceOf(Failure.Unavailable.class)
                .extracting(Failure::message)
                .asString()
                .contains("b1", "b2", "'m'");
        otherReplica.expectNoMessage();
    }

    @Test
    void aRetiredModelTakesNoNewStreams() {
        fix.begin();
        fix.models.retire(fix.model);
        fix.session.tell(request("s~2"));
        assertThat(fix.refusal()).isEqualTo(new Failure.UnknownModel("m", List.of()));
        fix.finish();
    }

    @Test
    void turnsAreCountedUntilTheyEndOrAreForgotten() {
        awaitTurns(fix.model, 0);
        fix.begin();
        awaitTurns(fix.model, 1);
        fix.finish();
        awaitTurns(fix.model, 0);
        fix.session.tell(request("s~2"));
        fix.submitted();
        fix.replica(new BatchActor.Admitted("s~2", 1));
        fix.accepted();
        fix.session.tell(new SessionCommand.Cancel("s~2", 0, 1));
        fix.replica.receiveMessage();
        awaitTurns(fix.model, 1); // its reader may come back
        fix.time.timePasses(SessionFixture.CONFIG.retention());
        fix.session.tell(request("s~3")); // answered behind what the alarm did
        fix.submitted();
        fix.replica(new BatchActor.Rejected("s~3", 1, new Failure.Overloaded("full", 1)));
        fix.next();
        fix.reader.expectNoMessage();
        awaitTurns(fix.model, 0);
    }

    @Test
    void aSessionThatEndsHasNoTurns() {
        fix.begin();
        fix.door.stop();
        fix.session.tell(new SessionCommand.Cancel(SessionFixture.STREAM, 0, 1));
        fix.kit.createTestProbe().expectTerminated(fix.session);
        awaitTurns(fix.model, 0);
    }

    /** A session counts a moment before or behind what it says. */
    private void awaitTurns(ServedModel model, int number) {
        fix.door.awaitAssert(() -> {
            assertThat(model.replicas().turns()).isEqualTo(number);
            return number;
        });
    }

    @Test
    void sessionsSpreadOverReplicasAndStayWhereTheirPromptsAreCached() {
        TestProbe<BatchActor.Command> first = fix.kit.createTestProbe();
        TestProbe<BatchActor.Command> second = fix.kit.createTestProbe();
        Replicas replicas = new Replicas(List.of(first.getRef(), second.getRef()));
        Replicas.Lease one = replicas.lease(Optional.empty()).orElseThrow();
        Replicas.Lease two = replicas.lease(Optional.empty()).orElseThrow();
        assertThat(List.of(one.replica(), two.replica())).containsExactly(first.getRef(), second.getRef());
        Replicas.Lease again = replicas.lease(Optional.of(second.getRef())).orElseThrow();
        assertThat(again.replica()).isEqualTo(second.getRef());
        one.end();
        one.end();
        assertThat(replicas.turns()).isEqualTo(2);
        replicas.close();
        assertThat(replicas.lease(Optional.empty())).isEmpty();
    }

    @Test
    void aStreamGoesOnWithAnotherReplicaWhenItsOwnIsGone() {
        TestProbe<BatchActor.Command> spare = fix.kit.createTestProbe();
        ServedModel two = SessionFixture.model("b3", List.of(otherReplica.getRef(), spare.getRef()));
        fix.models.add(two);
        fix.models.use(two);
        fix.session.tell(request("s~2"));
        var submit = (BatchActor.Submit) otherReplica.receiveMessage();
        submit.replyTo().tell(new BatchActor.Admitted("s~2", 1));
        fix.accepted();
        submit.replyTo().tell(new BatchActor.Produced("s~2", 1, List.of(SessionFixture.token(0))));
        fix.next();
        two.replicas().remove(otherReplica.getRef()); // as the node does
        otherReplica.stop();
        var moved = (BatchActor.Submit) spare.receiveMessage();
        assertThat(moved.epoch()).isEqualTo(2);
        assertThat(moved.request().given()).containsExactly(Tokens.of(0));
        assertThat(fix.accepted().epoch()).isEqualTo(2);
        awaitTurns(two, 1);
        spare.stop();
        assertThat(((StreamEvent.Failed) fix.next()).failure()).isInstanceOf(Failure.Unavailable.class);
        awaitTurns(two, 0);
    }
}
