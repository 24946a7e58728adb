package belle.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code belle cluster status}: members, models and load. */
@Command(name = "status", description = "Shows members, roles, shards, sessions, models, versions and load.")
final class ClusterStatusCommand implements Callable<Integer> {
    @Mixin
    private ManagementClient management;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException {
        JsonNode status = management.status();
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(status);
        } else {
            print(out, status);
        }
        return 0;
    }

    private static void print(PrintWriter out, JsonNode status) {
        line(out, "member", "roles", "status", "version", "shards", "sessions");
        for (JsonNode member : status.get("members")) {
            List<String> roles = new ArrayList<>();
            member.get("roles").forEach(role -> roles.add(role.asText()));
            line(
                    out,
                    member.get("address").asText(),
                    String.join(",", roles),
                    state(member),
                    member.get("version").asText(),
                    member.get("shards").asText(""),
                    member.get("sessions").asText(""));
            for (JsonNode model : member.path("node").path("models")) {
                int replicas = model.get("replicas").asInt();
                out.printf(
                        Locale.ROOT,
                        "  %s (%s, bundle %.12s) is %s: %d turns, %d streams, %d running, %d waiting, %d paused; %d of %d blocks free%s%n",
                        model.get("id").asText(),
                        model.get("weights").asText(),
                        model.get("bundle").asText(),
                        model.get("state").asText(),
                        model.get("turns").asInt(),
                        model.get("streams").asInt(),
                        model.get("running").asInt(),
                        model.get("waiting").asInt(),
                        model.get("paused").asInt(),
                        model.get("freeBlocks").asInt(),
                        model.get("blocks").asInt(),
                        replicas > 1 ? " in " + replicas + " replicas" : "");
            }
        }
    }

    private static String state(JsonNode member) {
        String status = member.get("status").asText();
        return member.get("reachable").asBoolean() ? status : status + ", unreachable";
    }

    private static void line(PrintWriter out, Object... cells) {
        out.println(String.format(Locale.ROOT, "%-24s %-14s %-12s %-10s %-7s %s", cells)
                .stripTrailing());
    }
}
