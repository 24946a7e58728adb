package belle.proto.bundle;

import static belle.proto.bundle.Manifest.FILE;

import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.bundle.Manifest.Architecture;
import belle.proto.bundle.Manifest.FileEntry;
import com.google.errorprone.annotations.FormatMethod;
import com.google.errorprone.annotations.FormatString;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What a manifest must hold beyond its JSON types. Every rule that fails throws a Broken naming the field. */
final class ManifestRules {
    private static final Pattern FILE_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");
    private static final Pattern SHA_256 = Pattern.compile("[0-9a-f]{64}");
    private static final List<Integer> DEGREES = List.of(1, 2, 4, 8);
    private static final int LIMIT = 1 << 24;

    private ManifestRules() {}

    static void check(Manifest manifest) {
        architecture(manifest.architecture());
        require(!manifest.name().isBlank(), "name", "is empty");
        oneOf("weights", manifest.weights(), Set.of("f32", "f16", "q8", "q4"));
        boolean grouped = WeightType.of(manifest.weights()).orElseThrow().isQuantised();
        require(
                grouped || manifest.group() == 0,
                "group",
                "is %d, but %s weights have no groups",
                manifest.group(),
                manifest.weights());
        require(
                !grouped || WeightType.GROUPS.contains(manifest.group()),
                "group",
                "is %d, but must be one of %s",
                manifest.group(),
                WeightType.GROUPS);
        oneOf("kvCache", manifest.kvCache(), Set.of("f32", "f16"));
        degrees(manifest);
        ids("eosIds", manifest.eosIds(), manifest.architecture());
        ids("bosIds", manifest.bosIds(), manifest.architecture());
        sampling(manifest.sampling());
        files(manifest);
        TensorRules.check(manifest);
    }

    private static void architecture(Architecture a) {
        oneOf("architecture.family", a.family(), Set.of("bloom", "llama"));
        positive("hidden", a.hidden());
        positive("intermediate", a.intermediate());
        positive("layers", a.layers());
        positive("heads", a.heads());
        positive("kvHeads", a.kvHeads());
        positive("headDim", a.headDim());
        positive("vocabulary", a.vocabulary());
        positive("tokens", a.tokens());
        positive("contextTokens", a.contextTokens());
        require(a.parameters() > 0, "architecture.parameters", "is %d, but must be positive", a.parameters());
        require(
                a.heads() % a.kvHeads() == 0,
                "architecture.kvHeads",
                "is %d, which does not divide the %d heads",
                a.kvHeads(),
                a.heads());
        require(
                a.tokens() <= a.vocabulary(),
                "architecture.tokens",
                "is %d, more than the vocabulary's %d rows",
                a.tokens(),
                a.vocabulary());
    }

    private static void positive(String field, int value) {
        require(value >= 1 && value <= LIMIT, "architecture." + field, "is %d, but must be 1 to %d", value, LIMIT);
    }

    private static void degrees(Manifest manifest) {
        List<Integer> degrees = manifest.degrees();
        require(
                !degrees.isEmpty() && degrees.getFirst() == 1 && DEGREES.containsAll(degrees),
                "degrees",
                "are %s, but must begin with 1 and be of %s",
                degrees,
                DEGREES);
        require(new TreeSet<>(degrees).stream().toList().equals(degrees), "degrees", "%s do not ascend", degrees);
    }

    private static void ids(String field, List<Integer> ids, Architecture a) {
        for (int id : ids) {
            require(id >= 0 && id < a.tokens(), field, "holds %d, but ids are 0 to %d", id, a.tokens() - 1);
        }
    }

    private static void sampling(Manifest.SamplingDefaults s) {
        require(s.temperature() >= 0 && s.temperature() <= 100, "sampling.temperature", "is %s", s.temperature());
        require(s.topP() > 0 && s.topP() <= 1, "sampling.topP", "is %s, but must be above 0 and at most 1", s.topP());
        require(s.topK() >= 0, "sampling.topK", "is %d, but must not be negative", s.topK());
        require(
                s.repetitionPenalty() > 0 && s.repetitionPenalty() <= 100,
                "sampling.repetitionPenalty",
                "is %s, but must be above 0 and at most 100",
                s.repetitionPenalty());
    }

    private static void files(Manifest manifest) {
        Set<String> expected = new TreeSet<>(Set.of(Manifest.WEIGHTS_FILE, Manifest.TOKENIZER_FILE));
        for (int degree : manifest.degrees()) {
            for (int rank = 0; rank < degree; rank++) {
                expected.add(Manifest.graphFile(rank, degree));
            }
        }
        if (manifest.hasPortableGraph() || manifest.files().containsKey(Manifest.PORTABLE_WEIGHTS_FILE)) {
            expected.add(Manifest.PORTABLE_GRAPH_FILE);
            expected.add(Manifest.PORTABLE_WEIGHTS_FILE);
        }
        manifest.files().forEach((name, entry) -> {
            require(
                    FILE_NAME.matcher(name).matches(),
                    "files",
                    "'%s' is no plain file name: it could lie outside the bundle",
                    name);
            require(expected.contains(name), "files", "'%s' is not a file of such a bundle", name);
            file("files." + name, entry);
        });
        for (String name : expected) {
            require(manifest.files().containsKey(name), "files", "'%s' is missing", name);
        }
    }

    private static void file(String field, FileEntry entry) {
        require(entry.bytes() >= 0, field + ".bytes", "is %d", entry.bytes());
        require(SHA_256.matcher(entry.sha256()).matches(), field + ".sha256", "is not 64 hexadecimal digits");
        long chunk = entry.chunkBytes().orElse(FileHash.CHUNK_BYTES);
        require(
                chunk >= 1 << 16 && chunk <= 1 << 30,
                field + ".chunkBytes",
                "is %d, but must be 64 KiB to 1 GiB",
                chunk);
    }

    private static void oneOf(String field, String value, Set<String> known) {
        require(known.contains(value), field, "is '%s', but must be one of %s", value, new TreeSet<>(known));
    }

    @FormatMethod
    static void require(boolean holds, String field, @FormatString String format, @Nullable Object... args) {
        if (!holds) {
            throw new FailureException(new Failure.Broken(FILE, field, String.format(format, args)));
        }
    }
}
