package belle.journal;

import belle.proto.FinishReason;
import belle.proto.TokenLogprob;
import belle.proto.Tokens;
import belle.proto.Usage;
import belle.proto.session.Progress;
import belle.proto.session.StreamEvent;
import belle.proto.session.StreamEvent.Indexed;
import belle.session.TurnLog;
import belle.session.TurnRequest;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Requests and logs as bytes: JSON in ASCII, which no character set of a database can change. */
final class TurnFormat {
    private static final JsonMapper JSON =
            JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

    /** A log without what is the same in each of its events. */
    private record Written(Progress before, List<Entry> events) {}

    /** An event without its stream, epoch and index. */
    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "e")
    @JsonSubTypes({
        @JsonSubTypes.Type(value = Entry.Prompt.class, name = "p"),
        @JsonSubTypes.Type(value = Entry.Delta.class, name = "t"),
        @JsonSubTypes.Type(value = Entry.Finished.class, name = "f"),
        @JsonSubTypes.Type(value = Entry.Done.class, name = "d"),
    })
    private sealed interface Entry {
        record Prompt(List<TokenLogprob> l) implements Entry {}

        record Delta(
                int c,
                Tokens i,
                @Nullable String t,
                @Nullable List<TokenLogprob> l) implements Entry {}

        @JsonInclude(JsonInclude.Include.NON_EMPTY)
        record Finished(int c, @Nullable String t, FinishReason r) implements Entry {}

        record Done(Usage u) implements Entry {}
    }

    private TurnFormat() {}

    static byte[] write(TurnRequest request) {
        return bytes(request);
    }

    static TurnRequest request(byte[] bytes) {
        return read(bytes, TurnRequest.class);
    }

    static byte[] write(TurnLog log) {
        List<Entry> entries = new ArrayList<>();
        for (Indexed event : log.events()) {
            entries.add(
                    switch (event) {
                        case StreamEvent.PromptScored e -> new Entry.Prompt(e.tokens());
                        case StreamEvent.Delta e -> new Entry.Delta(e.choice(), e.ids(), e.text(), e.logprobs());
                        case StreamEvent.Finished e -> new Entry.Finished(e.choice(), e.text(), e.reason());
                        case StreamEvent.Done e -> new Entry.Done(e.usage());
                        case StreamEvent.Failed _ -> throw new IllegalArgumentException("only good ends are written");
                    });
        }
        return bytes(new Written(log.before(), entries));
    }

    /** Returns the log of {@code stream}, its events in the epoch in which it was written. */
    static TurnLog log(String stream, byte[] bytes) {
        Written written = read(bytes, Written.class);
        long epoch = written.before().epoch();
        long index = written.before().after();
        List<Indexed> events = new ArrayList<>();
        for (Entry entry : written.events()) {
            index++;
            events.add(
                    switch (entry) {
                        case Entry.Prompt(var l) -> new StreamEvent.PromptScored(stream, epoch, index, l);
                        case Entry.Delta(var c, var i, var t, var l) ->
                            new StreamEvent.Delta(stream, epoch, index, c, i, text(t), l == null ? List.of() : l);
                        case Entry.Finished(var c, var t, var r) ->
                            new StreamEvent.Finished(stream, epoch, index, c, text(t), r);
                        case Entry.Done(var u) -> new StreamEvent.Done(stream, epoch, index, u);
                    });
        }
        return new TurnLog(written.before(), events);
    }

    private static String text(@Nullable String text) {
        return text == null ? "" : text;
    }

    private static byte[] bytes(Object value) {
        try {
            return JSON.writeValueAsBytes(value);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static <T> T read(byte[] bytes, Class<T> type) {
        try {
            return JSON.readValue(bytes, type);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
