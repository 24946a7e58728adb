package belle.gateway.http;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.jspecify.annotations.Nullable;

/**
 * The requests of an HTTP/1.1 connection and their answers, one at a time; a connection that is to be closed ends behind the
 * last answer that is due. Requests and the wish to close meet in one place: Pekko HTTP says 500 to a request that has come in
 * when the answers end.
 */
final class Http1Answers<Q, A> extends GraphStage<FlowShape<Q, A>> {
    private final Inlet<Q> requests = Inlet.create("requests");
    private final Outlet<A> answers = Outlet.create("answers");
    private final Function<Q, CompletionStage<A>> handler;
    private final CompletableFuture<Runnable> opened;

    /**
     * @param handler answers a request, and never fails
     * @param opened is given the way to close the connection, which any thread may go
     */
    Http1Answers(Function<Q, CompletionStage<A>> handler, CompletableFuture<Runnable> opened) {
        this.handler = handler;
        this.opened = opened;
    }

    @Override
    public FlowShape<Q, A> shape() {
        return FlowShape.of(requests, answers);
    }

    @Override
    public GraphStageLogic createLogic(Attributes attributes) {
        return new Logic();
    }

    private record Answered<A>(@Nullable A answer, @Nullable Throwable problem) {}

    private final class Logic extends GraphStageLogic {
        private final Queue<A> ready = new ArrayDeque<>();
        private final AsyncCallback<Answered<A>> answered = createAsyncCallback(this::onAnswered);
        private final AsyncCallback<Boolean> closed = createAsyncCallback(_ -> onClose());
        private boolean due;
        private boolean closing;

        Logic() {
            super(Http1Answers.this.shape());
            setHandler(requests, new AbstractInHandler() {
                @Override
                public void onPush() {
                    due = true;
                    handler.apply(grab(requests))
                            .whenComplete((answer, problem) -> answered.invoke(new Answered<>(answer, problem)));
                }

                @Override
                public void onUpstreamFinish() {
                    onClose();
                }
            });
            setHandler(answers, new AbstractOutHandler() {
                @Override
                public void onPull() {
                    goOn();
                }
            });
            opened.complete(() -> closed.invoke(true));
        }

        @Override
        public void preStart() {
            pull(requests);
        }

        private void onAnswered(Answered<A> done) {
            if (done.answer() == null) {
                failStage(done.problem());
                return;
            }
            due = false;
            ready.add(done.answer());
            goOn();
        }

        private void onClose() {
            closing = true;
            goOn();
        }

        /** An answer goes out when it is asked for; the next request is read when all before it are on their way. */
        private void goOn() {
            if (!ready.isEmpty() && isAvailable(answers)) {
                push(answers, ready.remove());
            }
            if (due || !ready.isEmpty()) {
                return;
            }
            if (closing) {
                completeStage();
            } else if (!hasBeenPulled(requests)) {
                pull(requests);
            }
        }
    }
}
