package belle.proto.trace;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import kamon.Kamon;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TraceSpanTest {
    private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
    private static final String PARENT = "00-" + TRACE + "-00f067aa0ba902b7-01";

    @BeforeAll
    static void startKamon() {
        Kamon.initWithoutAttaching(
                ConfigFactory.parseString("kamon.trace { identifier-scheme = double, sampler = always }")
                        .withFallback(ConfigFactory.load()));
    }

    @AfterEach
    void off() {
        turn("no");
    }

    @AfterAll
    static void stopKamon() {
        Kamon.stop();
    }

    private static void turn(String on) {
        TraceSpan.configure(ConfigFactory.parseString("belle.traces.enabled = " + on));
    }

    @Test
    void whereTracesAreOffThereIsNoSpan() {
        turn("no");
        TraceSpan span = TraceSpan.ofRequest("request", PARENT);
        assertThat(span).isSameAs(TraceSpan.NONE);
        assertThat(span.child("part")).isSameAs(TraceSpan.NONE);
        assertThat(span.traceparent()).isEmpty();
        span.tag("a", 1).fail("no matter").end();
    }

    @Test
    void aSpanIsPartOfTheTraceThatItsParentTells() {
        turn("yes");
        TraceSpan span = TraceSpan.ofRequest("request", PARENT);
        assertThat(span.traceparent())
                .startsWith("00-" + TRACE + "-")
                .endsWith("-01")
                .isNotEqualTo(PARENT);
        assertThat(span.child("part").traceparent())
                .startsWith("00-" + TRACE + "-")
                .isNotEqualTo(span.traceparent());
    }

    @Test
    void workIsPartOfATraceOnlyIfItsAskerHasOne() {
        turn("yes");
        TraceSpan request = TraceSpan.ofRequest("request", "");
        assertThat(TraceSpan.ofWork("turn", request.traceparent()).traceparent())
                .startsWith(request.traceparent().substring(0, 36))
                .isNotEqualTo(request.traceparent());
        assertThat(TraceSpan.ofWork("turn", TraceSpan.NONE.traceparent())).isSameAs(TraceSpan.NONE);
    }

    @Test
    void aRequestThatIsNotSampledHasNoSpanAnywhere() {
        Kamon.reconfigure(ConfigFactory.parseString("kamon.trace { identifier-scheme = double, sampler = never }")
                .withFallback(Kamon.config()));
        turn("yes");
        assertThat(TraceSpan.ofRequest("request", "")).isSameAs(TraceSpan.NONE);
        assertThat(TraceSpan.ofRequest("request", PARENT)).isNotSameAs(TraceSpan.NONE);
        startKamon();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "nonsense",
                "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"
            })
    void anythingElseThanAParentBeginsATrace(String parent) {
        turn("yes");
        assertThat(TraceSpan.ofRequest("request", parent).traceparent())
                .matches("00-[0-9a-f]{32}-[0-9a-f]{16}-01")
                .doesNotContain(TRACE);
    }
}
