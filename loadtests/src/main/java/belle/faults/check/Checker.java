package belle.faults.check;

import belle.faults.history.Entry;
import belle.faults.history.History;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Holds a history against all promises. */
public final class Checker {
    /** Finds out what is wrong with a request, if anything is. */
    private interface Rule {
        Optional<String> broken(Request request);
    }

    private static final Map<Property, Rule> RULES = Map.ofEntries(
            Map.entry(Property.IN_ORDER_ONCE, StreamRules::inOrderOnce),
            Map.entry(Property.SAME_BITS, StreamRules::sameBits),
            Map.entry(Property.WHOLE, StreamRules::whole),
            Map.entry(Property.FINISH_ONCE, StreamRules::finishOnce),
            Map.entry(Property.USAGE_EXACT, StreamRules::usageExact),
            Map.entry(Property.UTF8_WHOLE, StreamRules::utf8Whole),
            Map.entry(Property.ENDS_ONCE, StreamRules::endsOnce),
            Map.entry(Property.FENCED, StreamRules::fenced),
            Map.entry(Property.KEPT_ONCE_ACCEPTED, AnswerRules::keptOnceAccepted),
            Map.entry(Property.ALL_ANSWERED, AnswerRules::allAnswered),
            Map.entry(Property.ONE_ANSWER_A_KEY, AnswerRules::oneAnswerAKey),
            Map.entry(Property.WRONG_IS_REFUSED, AnswerRules::wrongIsRefused),
            Map.entry(Property.CLEAR_REFUSALS, AnswerRules::clearRefusals));

    private Checker() {}

    /** Returns what is wrong with a history, at most one violation of a property for each request. */
    public static List<Violation> check(History history) {
        List<Violation> violations = new ArrayList<>();
        List<Entry.Fault> faults = history.all(Entry.Fault.class);
        history.byRequest().forEach((name, entries) -> {
            Request request = new Request(name, Timeline.merged(entries, faults));
            for (Property property : Property.values()) {
                Rule rule = RULES.get(property);
                if (rule != null) {
                    rule.broken(request)
                            .ifPresent(message -> violations.add(violation(property, rule, request, message)));
                }
            }
        });
        for (Entry.Counted counted : history.all(Entry.Counted.class)) {
            if (counted.value() != 0) {
                String message = counted.process() + " still has " + counted.value() + " " + counted.what();
                violations.add(new Violation(Property.NOTHING_LEFT, counted.process(), message, List.of(counted)));
            }
        }
        return violations;
    }

    /** Leaves out whatever can be left out with the very same thing still being wrong. */
    private static Violation violation(Property property, Rule rule, Request request, String message) {
        List<Entry> smallest = new ArrayList<>(request.entries());
        for (int i = smallest.size() - 1; i >= 0; i--) {
            Entry left = smallest.remove(i);
            if (!rule.broken(new Request(request.name(), smallest))
                    .filter(message::equals)
                    .isPresent()) {
                smallest.add(i, left);
            }
        }
        return new Violation(property, request.name(), message, smallest);
    }
}
