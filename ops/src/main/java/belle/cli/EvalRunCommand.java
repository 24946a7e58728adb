package belle.cli;

import belle.client.ModelClient;
import belle.eval.Answers;
import belle.eval.EvalItem;
import belle.eval.EvalSet;
import belle.eval.Reply;
import belle.proto.bundle.FileHash;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code belle eval run}: models' answers to a set, into files that a killed run goes on from. */
@Command(
        name = "run",
        description = {
            "Asks a model all questions of a set, or several models one after another. Goes on where an earlier run with",
            "the same output stopped; questions that got no answer are asked again."
        })
final class EvalRunCommand implements Callable<Integer> {
    @Option(
            names = "--set",
            required = true,
            paramLabel = "FILE",
            description = "Questions: {question, std_answer, class}, a JSON array or JSON lines.")
    private Path set;

    @Option(
            names = "--model",
            required = true,
            paramLabel = "NAME",
            description = "A model's name at the server; once for each model.")
    private List<String> models;

    @Option(
            names = "--out",
            required = true,
            paramLabel = "FILE",
            description = "A model's answers; once for each model, in the same order.")
    private List<Path> outs;

    @Mixin
    private RequestOptions request;

    @Mixin
    private ServerOptions server;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        server.check(spec.commandLine());
        request.check(spec.commandLine());
        if (models.size() != outs.size()) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--out must be given once for each --model: there are " + models.size() + " models and "
                            + outs.size() + " files");
        }
        if (new HashSet<>(outs).size() < outs.size()) {
            throw new ParameterException(spec.commandLine(), "--out names one file twice");
        }
        List<EvalItem> items = EvalSet.read(set);
        String hash = FileHash.plain(set);
        int status = 0;
        try (var client = server.client()) {
            for (int i = 0; i < models.size(); i++) {
                status = Math.max(status, run(items, hash, models.get(i), outs.get(i), client));
            }
        }
        return status;
    }

    private int run(List<EvalItem> items, String hash, String model, Path out, ModelClient client) throws IOException {
        Map<Long, Reply> replies = Answers.run(
                items,
                out,
                new Answers.Settings(hash, request.line(model)),
                client,
                request.questions(model),
                server.concurrency(),
                new EvalProgress(model, items.size(), spec.commandLine().getErr()));
        List<String> failures = replies.values().stream()
                .map(Reply::failure)
                .filter(failure -> !failure.isEmpty())
                .toList();
        spec.commandLine()
                .getOut()
                .println(out + ": " + (replies.size() - failures.size()) + " of " + items.size() + " answered"
                        + EvalProgress.whatFailed(failures));
        return failures.isEmpty() ? 0 : 1;
    }
}
