package belle.gateway.grpc;

import belle.gateway.work.Sessions;
import belle.proto.session.TurnView;
import belle.v1.DeleteSessionRequest;
import belle.v1.DeleteSessionResponse;
import belle.v1.GetSessionRequest;
import belle.v1.Session;
import belle.v1.Turn;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/** Shows and deletes conversations. */
final class SessionMethods {
    private final Sessions sessions;

    SessionMethods(Sessions sessions) {
        this.sessions = sessions;
    }

    CompletionStage<Session> get(GrpcCall call, GetSessionRequest request) {
        return sessions.describe(request.getSessionId(), call.tenant())
                .thenApply(turns -> Session.newBuilder()
                        .setId(request.getSessionId())
                        .addAllTurns(turns.stream().map(SessionMethods::message).toList())
                        .build());
    }

    CompletionStage<DeleteSessionResponse> delete(GrpcCall call, DeleteSessionRequest request) {
        return sessions.delete(request.getSessionId(), call.tenant())
                .thenApply(_ -> DeleteSessionResponse.getDefaultInstance());
    }

    private static Turn message(TurnView turn) {
        var message = Turn.newBuilder()
                .setStream(turn.stream())
                .setModel(turn.model())
                .setState(state(turn.state()))
                .setCreated(seconds(turn.begunMillis()))
                .addAllAnswers(turn.answers());
        turn.endedMillis().ifPresent(millis -> message.setEnded(seconds(millis)));
        return message.build();
    }

    private static Turn.State state(TurnView.State state) {
        return switch (state) {
            case RUNNING -> Turn.State.STATE_RUNNING;
            case OPEN -> Turn.State.STATE_OPEN;
            case FINISHED -> Turn.State.STATE_FINISHED;
            case FAILED -> Turn.State.STATE_FAILED;
        };
    }

    private static long seconds(long millis) {
        return TimeUnit.MILLISECONDS.toSeconds(millis);
    }
}
