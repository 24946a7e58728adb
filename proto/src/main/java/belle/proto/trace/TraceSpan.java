package belle.proto.trace;

import com.typesafe.config.Config;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import kamon.Kamon;
import kamon.context.Context;
import kamon.context.HttpPropagation;
import kamon.trace.Span;
import kamon.trace.SpanBuilder;
import kamon.trace.SpanPropagation;
import scala.Option;
import scala.collection.immutable.Map;
import scala.collection.immutable.Map$;

/**
 * A part of a request's trace. Whoever begins one ends it. Where traces are off it is nothing and costs nothing.
 *
 * <p>Between processes a span travels as a {@code traceparent} (W3C Trace Context, section 3.2); "" is none.
 */
public final class TraceSpan {
    /** The span of a request that is not traced. */
    public static final TraceSpan NONE = new TraceSpan(Optional.empty());

    private static final String COMPONENT = "belle";
    private static final String SAMPLED = "-01";
    private static final SpanPropagation.W3CTraceContext W3C = new SpanPropagation.W3CTraceContext();
    private static final AtomicBoolean ON = new AtomicBoolean();
    private static final Pattern TRACEPARENT =
            Pattern.compile("00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}");

    private final Optional<Span> span;

    private TraceSpan(Optional<Span> span) {
        this.span = span;
    }

    /** Turns traces on or off in this process, as {@code belle.traces.enabled} says; Kamon itself is started elsewhere. */
    public static void configure(Config config) {
        ON.set(config.getBoolean("belle.traces.enabled"));
    }

    /**
     * Begins the span of a request that came from outside.
     *
     * @param header the request's {@code traceparent}, if it has one; anything else begins a trace
     */
    public static TraceSpan ofRequest(String name, String header) {
        return ON.get() ? begun(Kamon.serverSpanBuilder(name, COMPONENT), decoded(header)) : NONE;
    }

    /** Begins the span of work that another process asked for; {@link #NONE} if {@code traceparent} is "". */
    public static TraceSpan ofWork(String name, String traceparent) {
        Optional<Span> parent = ON.get() ? decoded(traceparent) : Optional.empty();
        return parent.isEmpty() ? NONE : begun(Kamon.consumerSpanBuilder(name, COMPONENT), parent);
    }

    /** Begins a span that is part of this one. */
    public TraceSpan child(String name) {
        return span.isEmpty() ? NONE : begun(Kamon.internalSpanBuilder(name, COMPONENT), span);
    }

    /** What tells another process which span its work is part of; "" when there is none. */
    public String traceparent() {
        var header = new Header("");
        span.ifPresent(one -> W3C.write(Context.of(Span.Key(), one), header));
        return header.value;
    }

    /** Says something about it that may be searched for. */
    public TraceSpan tag(String key, String value) {
        span.ifPresent(one -> one.tag(key, value));
        return this;
    }

    /** Says a number about it. */
    public TraceSpan tag(String key, long value) {
        span.ifPresent(one -> one.tag(key, value));
        return this;
    }

    /** Something has happened now. */
    public void mark(String event) {
        span.ifPresent(one -> one.mark(event));
    }

    /** It did not succeed. */
    public TraceSpan fail(String why) {
        span.ifPresent(one -> one.fail(why));
        return this;
    }

    /** Says how a request was answered, in HTTP's status codes; from 500 on it did not succeed. */
    public TraceSpan answered(int status) {
        return status < 500
                ? tag("http.response.status_code", status)
                : tag("http.response.status_code", status).fail("answered " + status);
    }

    /** It is over, and is sent to the collector. Said twice it does no harm. */
    public void end() {
        span.ifPresent(Span::finish);
    }

    private static TraceSpan begun(SpanBuilder builder, Optional<Span> parent) {
        parent.ifPresent(builder::asChildOf);
        var span = new TraceSpan(Optional.of(
                builder.doNotTrackMetrics().ignoreParentFromContext().start()));
        return span.traceparent().endsWith(SAMPLED) ? span : NONE;
    }

    private static Optional<Span> decoded(String parent) {
        if (!TRACEPARENT.matcher(parent).matches()) {
            return Optional.empty();
        }
        Span span = W3C.read(new Header(parent), Context.Empty()).get(Span.Key());
        return Optional.of(span).filter(Span::isRemote);
    }

    /** The one header that matters. */
    private static final class Header implements HttpPropagation.HeaderReader, HttpPropagation.HeaderWriter {
        private String value;

        private Header(String value) {
            this.value = value;
        }

        @Override
        public Option<String> read(String header) {
            return header.equals("traceparent") ? Option.apply(value) : Option.empty();
        }

        @Override
        public Map<String, String> readAll() {
            return Map$.MODULE$.empty();
        }

        @Override
        public void write(String header, String written) {
            if (header.equals("traceparent")) {
                value = written;
            }
        }
    }
}
