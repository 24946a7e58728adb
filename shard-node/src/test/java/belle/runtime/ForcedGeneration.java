package belle.runtime;

import belle.engine.EngineConfig;
import belle.kernels.Kernels;
import belle.proto.ChatMessage;
import belle.proto.Check;
import belle.proto.FailureException;
import belle.proto.Prompt;
import belle.proto.SamplingParams;
import belle.proto.TokenLogprob;
import belle.proto.Tokens;
import belle.proto.bundle.KvType;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** A process that prints ids and the bits of their log-probabilities, on the instruction set that {@code BELLE_ISA} names. */
final class ForcedGeneration {
    /** Its exit status when this machine lacks the set. */
    static final int LACKING = 3;

    private static final EngineConfig CONFIG = new EngineConfig(4, 0, 64, 64, 64);

    private ForcedGeneration() {}

    /** Takes the set's name and bundles. Prints a line for each bundle, cache type, thread count and way of sampling. */
    public static void main(String... arguments) {
        try {
            Check.that(Kernels.isa().equals(arguments[0]), "%s was forced, not %s", Kernels.isa(), arguments[0]);
        } catch (FailureException lacking) {
            System.exit(LACKING);
        }
        for (String bundle : List.of(arguments).subList(1, arguments.length)) {
            for (KvType cache : KvType.values()) {
                for (int threads = 1; threads <= 2; threads++) {
                    var config = new RuntimeConfig(threads, 4 << 20, Optional.of(cache), 32);
                    try (OpenModel model = OpenModel.open(Path.of(bundle), config)) {
                        System.out.println(bundle + " " + cache + " greedy " + told(model, greedy()));
                        System.out.println(bundle + " " + cache + " sampled " + told(model, sampled()));
                    }
                }
            }
        }
    }

    private static String told(OpenModel model, SamplingParams params) {
        Tokens prompt = model.encode(new Prompt.Chat(List.of(new ChatMessage("user", "hello"))));
        var choice = LocalGenerator.of(model, CONFIG)
                .generate(prompt, params, false, _ -> {})
                .choices()
                .getFirst();
        return choice.ids()
                + choice.logprobs().stream().map(ForcedGeneration::bits).collect(Collectors.joining(" "));
    }

    private static String bits(TokenLogprob entry) {
        return Long.toHexString(Double.doubleToLongBits(entry.logprob()))
                + entry.top().stream()
                        .map(other ->
                                ":" + other.id() + "=" + Long.toHexString(Double.doubleToLongBits(other.logprob())))
                        .collect(Collectors.joining());
    }

    private static SamplingParams greedy() {
        return new SamplingParams(24, 0, 0, 1, 0, 1, 0, 0, Map.of(), 0, 2, List.of(), true, 1);
    }

    private static SamplingParams sampled() {
        return new SamplingParams(24, 0.9, 0, 0.95, 0.01, 1.2, 0, 0, Map.of(), 7, 2, List.of(), true, 1);
    }
}
