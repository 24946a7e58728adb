package belle.cluster;

import belle.proto.node.NodeQuery.ModelStatus;
import belle.proto.node.NodeQuery.NodeStatus;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** The cluster as a page that loads itself again; no script, nothing from elsewhere. */
final class StatusPage {
    private static final String HEAD = """
            <!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="2">
            <title>BELLE cluster</title><style>
            body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem;
                   color: #222; background: #fff }
            table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .3rem .8rem .3rem 0;
                   border-bottom: 1px solid #ddd; vertical-align: top }
            th { font-weight: 600 } .bad { color: #b00020 } code { font-size: 13px }
            @media (prefers-color-scheme: dark) { body { color: #ddd; background: #181818 } th, td { border-color: #444 }
                   .bad { color: #ff6b6b } }
            </style></head><body><h1>BELLE cluster</h1>
            """;

    /** States of a bundle that nobody needs to look after. */
    private static final Set<String> AT_WORK = Set.of("ready", "loaded", "retired");

    private StatusPage() {}

    static String of(ClusterStatus status) {
        StringBuilder page = new StringBuilder(HEAD);
        page.append("<p>Seen by <code>")
                .append(escaped(status.self()))
                .append("</code>; the leader is <code>")
                .append(escaped(status.leader()))
                .append("</code>.</p>");
        table(page, List.of("member", "roles", "status", "version", "shards", "sessions", "node"));
        for (ClusterStatus.Member member : status.members()) {
            String state = member.reachable() ? member.status() : member.status() + ", unreachable";
            row(
                    page,
                    List.of(
                            "<code>" + escaped(member.address()) + "</code>",
                            escaped(String.join(", ", member.roles())),
                            member.reachable() ? state : bad(state),
                            escaped(member.version()),
                            member.shards().map(String::valueOf).orElse(""),
                            member.sessions().map(String::valueOf).orElse(""),
                            member.node().map(StatusPage::state).orElse("")));
        }
        page.append("</table><h2>Models</h2>");
        table(
                page,
                List.of(
                        "model",
                        "member",
                        "bundle",
                        "state",
                        "turns",
                        "streams",
                        "running, waiting, paused",
                        "free blocks",
                        "replicas"));
        for (ClusterStatus.Member member : status.members()) {
            member.node().ifPresent(node -> node.models().forEach(model -> row(page, cells(member, model))));
        }
        return page.append("</table></body></html>").toString();
    }

    private static List<String> cells(ClusterStatus.Member member, ModelStatus model) {
        return List.of(
                escaped(model.id()),
                "<code>" + escaped(member.address()) + "</code>",
                "<code>"
                        + escaped(model.bundle()
                                .substring(0, Math.min(12, model.bundle().length()))) + "</code> "
                        + escaped(model.weights()),
                AT_WORK.contains(model.state()) ? model.state() : bad(model.state()),
                Integer.toString(model.turns()),
                Integer.toString(model.streams()),
                String.format(Locale.ROOT, "%d, %d, %d", model.running(), model.waiting(), model.paused()),
                String.format(Locale.ROOT, "%d of %d", model.freeBlocks(), model.blocks()),
                Integer.toString(model.replicas()));
    }

    private static String state(NodeStatus node) {
        return node.draining() ? bad("draining") : node.ready() ? "ready" : bad("not ready");
    }

    private static String bad(String text) {
        return "<span class=\"bad\">" + escaped(text) + "</span>";
    }

    private static void table(StringBuilder page, List<String> headings) {
        page.append("<table><tr>")
                .append(headings.stream().map(text -> "<th>" + text + "</th>").collect(Collectors.joining()))
                .append("</tr>");
    }

    private static void row(StringBuilder page, List<String> cells) {
        page.append("<tr>")
                .append(cells.stream().map(text -> "<td>" + text + "</td>").collect(Collectors.joining()))
                .append("</tr>");
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
