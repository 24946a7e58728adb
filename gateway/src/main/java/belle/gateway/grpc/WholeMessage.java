package belle.gateway.grpc;

import belle.v1.Answer;
import belle.v1.Choice;
import belle.v1.Event;
import belle.v1.Started;
import java.util.List;
import java.util.stream.IntStream;

/** Collects a stream's events into one. Not thread-safe. */
final class WholeMessage {
    private final Answer.Builder answer = Answer.newBuilder();
    private final List<Choice.Builder> choices;
    private final StringBuilder[] texts;
    private Event last = Event.getDefaultInstance();

    WholeMessage(Started started, int choices) {
        answer.setStarted(started);
        this.choices = IntStream.range(0, choices)
                .mapToObj(index -> Choice.newBuilder().setIndex(index))
                .toList();
        this.texts =
                IntStream.range(0, choices).mapToObj(_ -> new StringBuilder()).toArray(StringBuilder[]::new);
    }

    WholeMessage add(Event event) {
        last = event;
        switch (event.getEventCase()) {
            case PROMPT -> answer.addAllPromptTokens(event.getPrompt().getTokensList());
            case DELTA -> {
                var delta = event.getDelta();
                texts[delta.getChoice()].append(delta.getText());
                choices.get(delta.getChoice())
                        .addAllTokenIds(delta.getTokenIdsList())
                        .addAllLogprobs(delta.getLogprobsList());
            }
            case FINISHED -> {
                var finished = event.getFinished();
                texts[finished.getChoice()].append(finished.getText());
                choices.get(finished.getChoice()).setReason(finished.getReason());
            }
            case DONE -> answer.setUsage(event.getDone().getUsage());
            case STARTED, ANSWER, EVENT_NOT_SET -> throw new IllegalArgumentException("not a stream's: " + event);
        }
        return this;
    }

    /** Returns the whole, with the stream and the index of the last event. */
    Event event() {
        for (int i = 0; i < texts.length; i++) {
            answer.addChoices(choices.get(i).setText(texts[i].toString()));
        }
        return last.toBuilder().setAnswer(answer).build();
    }
}
