package belle.gateway.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import belle.gateway.api.Errors;
import belle.proto.Failure;
import belle.proto.session.StreamEvent;
import io.grpc.Status;
import java.util.List;
import org.junit.jupiter.api.Test;

class StatusesTest {
    @Test
    void whoeverHasLostAStreamToAnotherReaderIsToldSo() {
        Errors.Answer lost = Errors.of(StreamEvent.READ_ELSEWHERE);
        assertThat(lost.code()).isEqualTo("read_elsewhere");
        assertThat(Statuses.of(lost).status().getCode()).isEqualTo(Status.Code.ABORTED);
    }

    @Test
    void noFailureThatACallerCanMendIsInternal() {
        List<Failure> mendable = List.of(
                new Failure.Invalid("n", "n is odd"),
                new Failure.TooLong(9, 9, 9),
                new Failure.NotFound("nothing"),
                new Failure.Overloaded("full", 1),
                new Failure.Unavailable("away"),
                Errors.LEAVING,
                StreamEvent.READ_ELSEWHERE);
        assertThat(mendable)
                .noneMatch(failure -> Statuses.code(Errors.of(failure).status()) == Status.Code.INTERNAL);
    }
}
