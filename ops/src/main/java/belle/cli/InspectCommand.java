package belle.cli;

import belle.export.bundle.RankMemory;
import belle.proto.bundle.Bundle;
import belle.proto.bundle.Manifest;
import belle.proto.bundle.Verification;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code belle inspect}: says what a bundle is without reading its weights. */
@Command(name = "inspect", description = "Says what a bundle is and the memory it will take.")
final class InspectCommand implements Callable<Integer> {
    @Parameters(paramLabel = "BUNDLE", description = "A bundle's folder.")
    private Path bundle;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        Bundle opened = Bundle.open(bundle, Verification.STRUCTURE_ONLY);
        Manifest manifest = opened.manifest();
        List<RankMemory> ranks = RankMemory.of(opened);
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            Output.json(out, facts(manifest, ranks));
        } else {
            print(out, manifest, ranks);
        }
        return 0;
    }

    private static Map<String, Object> facts(Manifest manifest, List<RankMemory> ranks) {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("name", manifest.name());
        facts.put(
                "created", Instant.ofEpochSecond(manifest.createdEpochSeconds()).toString());
        facts.put("architecture", manifest.architecture());
        facts.put("weights", manifest.weights());
        facts.put("group", manifest.group());
        facts.put("kv_cache", manifest.kvCache());
        facts.put("degrees", manifest.degrees());
        facts.put("eos_ids", manifest.eosIds());
        facts.put("bos_ids", manifest.bosIds());
        facts.put("template", manifest.template());
        facts.put("sampling", manifest.sampling());
        facts.put("source", manifest.source());
        facts.put("memory", BundleSize.of(manifest));
        facts.put("ranks", ranks);
        facts.put("files", manifest.files());
        facts.put("tensors", manifest.tensors().size());
        return facts;
    }

    private static void print(PrintWriter out, Manifest manifest, List<RankMemory> ranks) {
        var shape = manifest.architecture();
        var size = BundleSize.of(manifest);
        line(out, "name", manifest.name());
        line(
                out,
                "made",
                Instant.ofEpochSecond(manifest.createdEpochSeconds()) + " from "
                        + manifest.source().checkpoint());
        line(
                out,
                "architecture",
                String.format(
                        Locale.ROOT,
                        "%s, %.4g billion weights in %s",
                        shape.family(),
                        shape.parameters() / 1e9,
                        manifest.weights()));
        line(
                out,
                "shape",
                shape.layers() + " layers, hidden " + shape.hidden() + ", intermediate "
                        + shape.intermediate() + ", " + shape.heads() + " heads of " + shape.headDim() + ", "
                        + shape.kvHeads() + " key/value heads");
        line(out, "vocabulary", shape.tokens() + " tokens in " + shape.vocabulary() + " rows");
        line(out, "context", shape.contextTokens() + " tokens");
        line(out, "template", manifest.template().name());
        line(out, "on disk", Output.bytes(size.diskBytes()));
        line(
                out,
                "memory",
                Output.bytes(size.weightBytes()) + " of mapped weights; " + Output.bytes(size.kvBytesPerToken())
                        + " of " + manifest.kvCache() + " key/value cache per token, "
                        + Output.bytes(size.kvBytesPerContext())
                        + " for a full context");
        for (RankMemory rank : ranks) {
            line(
                    out,
                    rank.rank() > 0 ? "" : "degree " + rank.degree(),
                    "rank " + rank.rank() + ": " + Output.bytes(rank.weightBytes()) + " of weights, "
                            + Output.bytes(rank.kvBytesPerToken()) + " of cache per token");
        }
    }

    private static void line(PrintWriter out, String name, String value) {
        out.printf("%-13s %s%n", name, value);
    }
}
